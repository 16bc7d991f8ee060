"""A shape with words for the model: description, title, examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.tools.shapes.shape import SchemaBook, Shape, Wrapped

if TYPE_CHECKING:
    from grokkit.tools.shapes.bounds import Marks


class Worded(Wrapped):
    """Another shape, whose schema says more."""

    def __init__(self, shape: Shape, marks: Marks) -> None:
        super().__init__(shape)
        self._marks = marks
        self.as_is = shape.as_is

    def schema(self, book: SchemaBook) -> dict[str, Any]:
        """The inner schema and the words."""
        description = {"description": self._marks.description} if self._marks.description else {}
        return {**self._shape.schema(book), **description, **self._marks.words}

    def read(self, value: Any) -> Any:
        """What the inner shape reads."""
        return self._shape.read(value)
