"""A recorded response as a reply again, at the pace that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from multidict import CIMultiDict

from grokkit import errors
from grokkit.call import Reply
from grokkit.testing.cassette.content import bytes_of
from grokkit.testing.cassette.events import chunks_of
from grokkit.testing.cassette.failures import CassetteMismatch
from grokkit.testing.cassette.interaction import Broke, Content

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grokkit.clock import Clock
    from grokkit.testing.cassette.interaction import Interaction, Response


async def replayed(interaction: Interaction, clock: Clock | None) -> Reply:
    """The reply again; its moments pass on the clock, or at once when there is none."""
    response = interaction.response
    if clock is not None:
        await clock.sleep(response.after)
    return Reply(response.status, CIMultiDict(response.headers), stream=_Body(interaction, clock))


class _Body:
    def __init__(self, interaction: Interaction, clock: Clock | None) -> None:
        self._chunks = _played(interaction, clock)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def aclose(self) -> None:
        """Nothing is held open."""


async def _played(interaction: Interaction, clock: Clock | None) -> AsyncIterator[bytes]:
    began = clock.now() if clock is not None else 0.0
    for at, chunk in chunks(interaction.response):
        if clock is not None and (wait := began + at - clock.now()) > 0:
            await clock.sleep(wait)
        yield chunk
    if isinstance(interaction.response.error, Broke):
        raise _error(interaction.response.error)
    if not interaction.response.complete:
        raise CassetteMismatch(
            f"the recording of {interaction.request} ends here: it was read no further then, and now it is\n"
            "try: record it again, with mode='all'"
        )


def chunks(response: Response) -> list[tuple[float, bytes]]:
    """The body of a response, each piece with its moment."""
    if isinstance(response.events, list):
        return list(chunks_of(response.events))
    return [(0.0, bytes_of(response.body))] if isinstance(response.body, Content) else []


def _error(broke: Broke) -> Exception:
    kind = getattr(errors, broke.type, None)
    if isinstance(kind, type) and issubclass(kind, errors.GrokError):
        return kind(broke.message)
    return errors.ConnectionLost(broke.message)
