"""Settings made of parts, each of which has a source of its own: the timeouts and the headers."""

from collections.abc import Mapping
from functools import partial
from typing import Protocol, cast

from . import timeouts
from .headers import Headers, masked_header
from .kinds import HEADER, Kind, header_name, seconds_from_text, show_seconds
from .timeouts import Seconds, Timeouts
from .unfit import Unfit, found


class Group(Protocol):
    """How a setting comes apart and together again."""

    takes: str
    names: tuple[str, ...]
    """The parts there are; empty when any name will do."""
    optional: bool
    """Whether `None` says something."""

    def split(self, value: object) -> Mapping[str, object]:
        """The parts that a value sets; raises `Unfit`."""
        ...

    def every_part(self, value: object) -> Mapping[str, object]:
        """All parts of a value that was joined."""
        ...

    def part(self, name: str) -> Kind:
        """What one part takes."""
        ...

    def about(self, name: str) -> str:
        """One line about a part."""
        ...

    def join(self, parts: Mapping[str, object]) -> object:
        """The value that has these parts."""
        ...

    def from_text(self, text: str) -> object:
        """What the environment says, prepared for `split`."""
        ...


class TimeoutGroup:
    """`timeout`: one duration is its total."""

    takes = "seconds, `none` for no limit, or a table of its parts"
    names = tuple(timeouts.DEFAULTS)
    optional = True

    def split(self, value: object) -> Mapping[str, object]:
        """The clocks that a number, a `timedelta`, a table or a `Timeouts` sets."""
        return timeouts.parts(value)

    def every_part(self, value: object) -> Mapping[str, object]:
        """The five clocks."""
        return timeouts.every_part(cast("Timeouts", value))

    def part(self, name: str) -> Kind:
        """Seconds, `none`, and for the clocks that know it `auto`."""
        takes = "seconds, `none` or `auto`" if timeouts.DEFAULTS[name] == "auto" else "seconds or `none`"
        return Kind(takes, partial(timeouts.read_part, name), seconds_from_text, show_seconds)

    def about(self, name: str) -> str:
        """What the clock measures."""
        return timeouts.ABOUT[name]

    def join(self, parts: Mapping[str, object]) -> Timeouts:
        """A `Timeouts` of these clocks."""
        return Timeouts(**cast("dict[str, Seconds]", parts))

    def from_text(self, text: str) -> object:
        """The total."""
        return seconds_from_text(text)


class HeaderGroup:
    """`headers`: a table of names and values."""

    takes = "a table of names and values"
    names: tuple[str, ...] = ()
    optional = False

    def split(self, value: object) -> Mapping[str, object]:
        """The headers of a table, by their names in lower case."""
        if not isinstance(value, Mapping):
            raise Unfit(f"takes a table of names and values; found {found(value)}")
        return {header_name(str(name)): line for name, line in value.items()}

    def every_part(self, value: object) -> Mapping[str, object]:
        """The headers."""
        return cast("Headers", value)

    def part(self, name: str) -> Kind:
        """One line; credentials are masked when it is shown."""
        return Kind(HEADER.takes, HEADER.read, show=lambda value: masked_header(name, str(value)))

    def about(self, name: str) -> str:
        """The header."""
        return f"The header {name}."

    def join(self, parts: Mapping[str, object]) -> Headers:
        """`Headers` of these names and values."""
        return Headers(cast("Mapping[str, str]", parts))

    def from_text(self, text: str) -> object:
        """Lines of `name: value`."""
        lines = [line for line in text.splitlines() if line.strip()]
        if not all(":" in line for line in lines):
            return text
        pairs = (line.partition(":") for line in lines)
        return {name.strip(): value.strip() for name, _, value in pairs}


TIMEOUT = TimeoutGroup()
HEADERS = HeaderGroup()
