"""A client's `sessions_key`: what it seals, what it opens, where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from grokkit import AsyncGrok
from grokkit.errors import ConfigInvalid
from grokkit.sessions import MemorySessions, SessionSealed, new_key
from grokkit.sessions.sealing import Sealed
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_client_s_key_seals_its_sessions(tmp_path: Path) -> None:
    where = f"sqlite:///{tmp_path}/chat.db"
    old, new = new_key(), new_key()
    async with Simulator().async_grok(sessions=where, sessions_key=old) as grok:
        await grok.session("s").ask("What is 17*23?")
        rotated = grok.with_options(sessions_key=f"{new.reveal()} {old.reveal()}")
        await rotated.session("s").ask("And 18*23?")
        said = [turn.said for turn in await rotated.session("s").history()]

        with pytest.raises(SessionSealed):
            await grok.session("s").history()
        with pytest.raises(SessionSealed):
            await grok.with_options(sessions_key=None).session("s").history()

    assert [text.splitlines()[0] for text in said] == ["What is 17*23?", "And 18*23?"]
    assert old.reveal()[:-4] not in repr(grok.config)


async def test_a_sealed_title_is_not_shown_to_who_cannot_read_it() -> None:
    async with Simulator().async_grok(sessions="memory") as grok:
        plain = MemorySessions()
        sealed, unsealed = (grok.sessions.in_store(store) for store in (Sealed(plain, new_key()), plain))
        await sealed.open("s").describe(title="Oslo")

        listed = (await unsealed.list()).sessions

        assert [info.title for info in (*listed, await unsealed.info("s"))] == ["", ""]
        assert (await sealed.info("s")).title == "Oslo"


async def test_the_environment_s_key_seals_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROKKIT_SESSIONS_KEY", new_key().reveal())
    async with Simulator().async_grok(sessions="memory") as grok:
        assert str(grok.sessions) == "<AsyncSessions in memory, sealed>"


def test_a_client_is_not_made_with_a_key_that_is_blank() -> None:
    with pytest.raises(ConfigInvalid, match="empty or blank"):
        AsyncGrok(api_key="xai-0123456789abcdef", sessions_key=" ")
