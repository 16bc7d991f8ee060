"""A shape with words for the model: description, title, examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.tools.shapes.shape import Member, SchemaBook, Shape

if TYPE_CHECKING:
    from grokkit.tools.shapes.bounds import Marks


class Worded(Shape):
    """Another shape, whose schema says more."""

    def __init__(self, shape: Shape, marks: Marks) -> None:
        self._shape = shape
        self._marks = marks
        self.kinds = shape.kinds
        self.rank = shape.rank
        self.grows = shape.grows
        self.names = shape.names
        self.as_is = shape.as_is

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """The inner schema and the words."""
        description = {"description": self._marks.description} if self._marks.description else {}
        return {**self._shape.schema(book), **description, **self._marks.words}

    def member(self, step: str | int) -> Member | None:
        """What the inner shape has there."""
        return self._shape.member(step)

    def closer(self, begun: Any) -> Shape:
        """What the inner shape comes to."""
        return self._shape.closer(begun)

    def read(self, value: Any) -> Any:
        """What the inner shape reads."""
        return self._shape.read(value)
