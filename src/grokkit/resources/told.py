"""What a typed stream tells of itself, on either face. The types themselves are loaded when one is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from grokkit.errors import CallRef
    from grokkit.resources.typed.partial import Partial
    from grokkit.resources.typed.reading import Reading
    from grokkit.resources.typed.tries import Parsed

T = TypeVar("T")


class Told(ABC, Generic[T]):
    """What a typed stream tells of itself, on either face."""

    _reading: Reading[T]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._reading.tries.form.name}, {self.call}>"

    @property
    def result(self) -> Parsed[T]:
        """The typed answer. Raises `Misused` while the stream is not at its end."""
        return self._reading.result

    @property
    def partial(self) -> Partial[T] | None:
        """What is certain so far; `None` before the value has begun."""
        return self._reading.partial

    @property
    def complete(self) -> bool:
        """Whether the typed answer is here."""
        return self._reading.complete

    @property
    def repairs(self) -> int:
        """How often the model was asked again."""
        return self._reading.tries.made

    @property
    @abstractmethod
    def call(self) -> CallRef:
        """Which call this is the stream of."""
