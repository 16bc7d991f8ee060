"""What a store of sessions is asked for. Each operation is atomic, whoever else uses the store at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, Unpack

import msgspec

from grokkit.errors import InvalidRequest, TryLater
from grokkit.sessions import finding
from grokkit.sessions.finding import Place
from grokkit.sessions.texts import storable
from grokkit.wire.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.errors import Details
    from grokkit.sessions.turn import Turn


class SessionConflict(TryLater):
    """Somebody else has added to the session; `version` is the one it has now.

    >>> SessionConflict("support-42", expected=3, version=5).version
    5
    """

    hint = "load what was added since, and append after it"

    def __init__(self, name: str, *, expected: int, version: int, **details: Unpack[Details]) -> None:
        super().__init__(f"session {name!r} is at version {version} and not at {expected}", **details)
        self.expected = expected
        self.version = version


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session without reading it."""

    name: str
    version: int = 0
    """How many entries it has."""
    title: str = ""
    tags: tuple[str, ...] = ()
    created: float = 0.0
    """Seconds since 1970, as `updated`."""
    updated: float = 0.0
    """When the last turn was."""
    usage: Usage = Usage()
    """What its turns consumed together; turns of the session it was forked from count there."""
    origin: str = ""
    """The session that it was forked from, or that one's own origin."""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said of a session from now on; None leaves it as it is."""

    title: str | None = None
    tags: tuple[str, ...] | None = None
    origin: str | None = None


def described(title: str | None, tags: Sequence[str] | None) -> Description:
    """What a person says of a session. Raises `InvalidRequest` for texts that cannot be stored.

    >>> described("Weather", None)
    Description(title='Weather', tags=None, origin=None)
    """
    if isinstance(tags, str):
        raise InvalidRequest("the tags are one text", param="tags", hint=f"give a list: tags=[{tags!r}]")
    return Description(
        title=None if title is None else storable(title, "the title", "title"),
        tags=None if tags is None else tuple(storable(tag, "a tag", "tags") for tag in tags),
    )


class Page(msgspec.Struct, frozen=True):
    """Some sessions, and where the rest begins."""

    sessions: list[SessionInfo]
    next: str | None = None
    """For `after=` of the next listing; None when there are no more."""


def page_of(found: Sequence[SessionInfo], limit: int) -> Page:
    """The first `limit` of what was found, and where the rest begins: there is one where more than that was found."""
    page = [*found[:limit]]
    more = len(found) > limit and bool(page)
    return Page(page, finding.written(Place(page[-1].updated, page[-1].name)) if more else None)


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A place where all the words that were searched for occur."""

    name: str
    version: int
    """Of the turn; 0 when it is the session's title."""
    excerpt: str


class SessionStore(Protocol):
    """Turns by session, and what is said of sessions. Names are any text; a session begins with its first turn.

    A store belongs to one tenant, `""` at first: no operation sees another tenant's sessions. `StoreUnavailable` is
    raised when the store cannot be reached, is locked or full.
    """

    tenant: str

    def for_tenant(self, tenant: str) -> Self:
        """The same store for another tenant; it shares this one's file or connections, and closes with it."""
        ...

    async def append(self, name: str, turns: Sequence[Turn], *, expected: int) -> int:
        """Add turns, all or none, to a session that is at version `expected` (0: has none yet), and give the new one.

        Appending the very same turns (by their ids) at the same place again changes nothing and succeeds, so it is
        safe to ask again when an answer was lost. Raises `SessionConflict` when the session is at another version.
        """
        ...

    async def load(self, name: str, *, after: int = 0, limit: int | None = None) -> list[Turn]:
        """The turns after that version, in order: the first of them has version `after + 1`."""
        ...

    async def info(self, name: str) -> SessionInfo | None:
        """What is known of a session; None when there is none of this name."""
        ...

    async def describe(self, name: str, description: Description, *, at: float) -> SessionInfo:
        """Set title, tags, origin; a session that is not there begins `at` that time, with no turns."""
        ...

    async def search(self, words: str, *, tag: str | None = None, limit: int = 20) -> list[Hit]:
        """Where all these words occur in one turn or title, upper or lower case, from the newest session on.

        It reads all that was said: meant for people, not for every request.
        Turns that were rewound are found too.
        """
        ...

    async def delete(self, name: str) -> bool:
        """Forget a session for good; whether there was one."""
        ...

    async def aclose(self) -> None:
        """Let go of files and connections of the running loop. Safe to call twice."""
        ...

    async def list(self, *, tag: str | None = None, limit: int = 50, after: str | None = None) -> Page:
        """Sessions, the one with the latest turn first; those that have this tag, where one is given."""
        ...
