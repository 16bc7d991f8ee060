"""Whether the server takes the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.cli.doctor.finding import Finding
from grokkit.errors import GrokError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grokkit import Grok
    from grokkit.cli.client import Server
    from grokkit.config import Config
    from grokkit.wire.listings import Me

PATIENCE = 10.0


def examine(server: Server, config: Config, *, reached: bool) -> Iterator[Finding]:
    """What the server says of the key: a real call through the whole client, free of charge."""
    if config.api_key is None:
        yield Finding("account", "skip", "there is no key to show")
    elif not reached:
        yield Finding("account", "skip", "the server was not reached")
    else:
        with server.client() as grok:
            yield _ask(grok, min(server.timeout or PATIENCE, PATIENCE))


def _ask(grok: Grok, patience: float) -> Finding:
    try:
        return _of_owner(grok.account.me(timeout=patience, retries=0))
    except NotFound:
        return _of_models(grok, patience)
    except GrokError as error:
        return Finding("account", "fail", error.message, error.hint)


def _of_owner(owner: Me) -> Finding:
    if owner.team_blocked:
        return Finding("account", "fail", f"team {owner.team_id} is blocked", "ask xAI: https://console.x.ai")
    return Finding("account", "ok", f"the server takes the key (team {owner.team_id or 'unknown'})")


def _of_models(grok: Grok, patience: float) -> Finding:
    """Servers that are not xAI's have no `/me`; they list models."""
    try:
        names = [card.id for card in grok.models.list(timeout=patience, retries=0)]
    except GrokError as error:
        return Finding("account", "fail", error.message, error.hint)
    return Finding("account", "ok", f"the server takes the key and lists {len(names)} models")
