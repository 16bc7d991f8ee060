"""A value that grows out of pieces of JSON: each part is read by its own shape as soon as it is whole.

Along the open objects and arrays there is a node for each; what is whole in it is read once and kept, so a piece of
text costs no more than what it adds and the depth at which it does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from grokkit.resources.typed.partial import Begun, BegunFields, Fields, Partial
from grokkit.tools.shapes.plain import Anything
from grokkit.tools.shapes.shape import Member, Misfit
from grokkit.tools.shapes.unions import Union
from grokkit.wire.partial_json import PartialJSON

if TYPE_CHECKING:
    from collections.abc import Hashable

    from grokkit.tools.shapes.shape import Shape

_Container: TypeAlias = "dict[str, object] | list[object]"
_ANYTHING = Anything()


class Node:
    """An object or array, and what is whole in it."""

    def __init__(self, grows: _Container, shape: Shape, name: Hashable = None) -> None:
        self.grows = grows
        self.name = name
        """What Python calls the place that it stands in."""
        self._shape = shape.closer(type(grows)())
        self.fields = Fields()
        self.items: list[Any] = []
        self.unfit = False
        """Whether an item did not fit: none after it is shown."""
        self._read = 0

    def settle(self, *, last_is_open: bool) -> None:
        """Read what has become whole."""
        whole = len(self.grows) - last_is_open
        if whole <= self._read:
            return
        new = self._steps(self._read, whole)
        self._read = whole  # what is whole beside it tells what a part of a union is
        for step in new:
            self._take(step)

    def member(self, step: str | int) -> Member:
        """What stands there; anything may, where nothing is known."""
        if isinstance(self._shape, Union) and isinstance(self.grows, dict):
            known = dict(islice(self.grows.items(), self._read))
            self._shape = self._shape.closer(known)
        return self._shape.member(step) or Member(step, _ANYTHING)

    def last(self) -> str | int:
        """The key or index of what came last."""
        return len(self.grows) - 1 if isinstance(self.grows, list) else next(reversed(self.grows))

    def view(self, growing: tuple[Any, ...]) -> Partial[Any]:
        """What is to be seen of it, with what is still growing."""
        if isinstance(self.grows, list):
            return Partial(Begun(self.items, () if self.unfit else growing))
        shown = {self.member(self.last()).name: part for part in growing}
        return Partial(BegunFields(self.fields, shown), names=self._shape.names)

    def holds_last(self, container: _Container) -> bool:
        """Whether this came last in it; it did not where a key came twice, the second time in place of the first."""
        return _at(self.grows, self.last()) is container

    def text(self) -> tuple[str, ...]:
        """The text that it ends with, if half of it is worth showing."""
        step = self.last()
        text = _at(self.grows, step)
        return (text,) if isinstance(text, str) and self.member(step).shape.grows else ()

    def _steps(self, first: int, end: int) -> Sequence[str | int]:
        """Keys or indices from one place to another; those before are not walked past, as there may be many."""
        if isinstance(self.grows, list):
            return range(first, end)
        size = len(self.grows)
        return list(islice(reversed(self.grows), size - end, size - first))[::-1]

    def _take(self, step: str | int) -> None:
        name, shape = self.member(step)
        try:
            made = shape.read(_at(self.grows, step))
        except Misfit:
            self.unfit = True
            return
        if not isinstance(self.grows, list):
            self.fields.add(name, made)
        elif not self.unfit:
            self.items.append(made)


class Growth:
    """The value so far, fed with pieces of JSON; `held` is the field of the JSON that the value is in, if it is.

    >>> from grokkit.resources.typed.form import Form
    >>> growth = Growth(Form(dict[str, list[int]]).shape)
    >>> growth.feed('{"a": [1, 2], "b": [3, 4')
    True
    >>> growth.view()
    Partial({'a': [1, 2], 'b': [3]})
    """

    def __init__(self, shape: Shape, held: str | None = None) -> None:
        self._json = PartialJSON()
        self._shape = shape
        self._held = held
        self._nodes: list[Node] = []
        self._ended: dict[Hashable, Node] = {}
        """Parts of the root that came in pieces: their items keep the order in which they were handed out."""
        self._broken = False
        self._seen: object = ()

    def feed(self, piece: str) -> bool:
        """Take in more of the text; whether there is more to be seen now.

        What is no JSON ends the growth; it is complained of when all of the text is there.
        """
        if self._broken:
            return False
        try:
            self._json.feed(piece)
        except ValueError:
            self._broken = True
        root = self._root()
        if isinstance(root, dict | list):
            self._settle(root)
        before, self._seen = self._seen, self._marks()
        return before != self._seen

    def view(self) -> Partial[Any] | None:
        """What is certain; `None` before an object or array has begun."""
        growing = self._text()
        for node in reversed(self._nodes):
            growing = (node.view(growing),)
        return growing[0] if growing else None

    def items(self, field: str | None) -> Sequence[Any]:
        """The items that are whole: of the root, or of this field of it."""
        if not self._nodes:
            return ()
        root = self._nodes[0]
        if field is None:
            return root.items
        if field in self._ended:
            return self._ended[field].items
        if field in root.fields.whole:
            whole = root.fields.whole[field]
            return list(whole) if isinstance(whole, list | tuple | AbstractSet | deque) else ()
        is_growing = len(self._nodes) > 1 and self._nodes[1].name == field
        return self._nodes[1].items if is_growing else ()

    def _marks(self) -> object:
        """What differs when there is more to be seen. Text only grows: to compare all of it again would cost."""
        counts = [(id(node), len(node.fields.whole) + len(node.items)) for node in self._nodes]
        return counts, [len(text) for text in self._text()]

    def _text(self) -> tuple[Any, ...]:
        """The text that is growing, if it is worth showing."""
        node = self._nodes[-1] if self._nodes else None
        return node.text() if node is not None and self._in_text(node) else ()

    def _root(self) -> object:
        value = self._json.value
        return value.get(self._held) if self._held is not None and isinstance(value, dict) else value

    def _settle(self, root: _Container) -> None:
        chain = self._chain(root)
        same = 0
        while same < min(len(chain), len(self._nodes)) and self._nodes[same].grows is chain[same]:
            same += 1
        for ended in self._nodes[same:]:
            ended.settle(last_is_open=False)
        if same == 1 and len(self._nodes) > 1:
            self._ended[self._nodes[1].name] = self._nodes[1]
        del self._nodes[same:]
        for node in self._nodes:
            node.settle(last_is_open=self._is_open(node, chain))
        for container in chain[same:]:
            above = self._nodes[-1] if self._nodes else None
            if above is not None and not above.holds_last(container):
                self._broken = True
                return
            name, shape = (None, self._shape) if above is None else above.member(above.last())
            node = Node(container, shape, name)
            node.settle(last_is_open=self._is_open(node, chain))
            self._nodes.append(node)

    def _chain(self, root: _Container) -> Sequence[_Container]:
        """The objects and arrays that are open, outermost first; the root alone once it is whole."""
        begun = self._json.open if self._held is None else self._json.open[1:]
        return begun if begun and begun[0] is root else [root]

    def _is_open(self, node: Node, chain: Sequence[_Container]) -> bool:
        """Whether the last part of an object or array is not whole."""
        return node.grows is not chain[-1] or self._in_text(node)

    def _in_text(self, node: Node) -> bool:
        """Whether it ends with a text that is not whole."""
        return self._json.in_text and bool(self._json.open) and self._json.open[-1] is node.grows


def _at(container: _Container, step: str | int) -> Any:
    return container[int(step)] if isinstance(container, list) else container[str(step)]
