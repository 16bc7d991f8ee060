"""Whether the settings can be read, and whether the key in them looks like one."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from grokkit.cli.doctor.finding import Finding
from grokkit.cli.failure import no_key
from grokkit.config import KeyExposed, Secret, resolve
from grokkit.errors import GrokError

if TYPE_CHECKING:
    from collections.abc import Generator

    from grokkit.cli.client import Server
    from grokkit.config import Config

SHORTEST_KEY = 20
PREFIX = "xai-"


def examine(server: Server) -> Generator[Finding, None, Config | None]:
    """What is found, and the settings when they can be used."""
    with warnings.catch_warnings(record=True) as exposed:
        warnings.simplefilter("always", KeyExposed)
        try:
            config = resolve(dict(server.settings()))
        except GrokError as error:
            yield Finding("settings", "fail", error.message, error.hint)
            return None
    yield Finding("settings", "ok", f"{config.base_url}, model {config.model}, {_sources(config)}")
    for warning in exposed:
        yield Finding("settings", "warn", str(warning.message), "change the file's mode as said")
    yield _key(config)
    return config


def _sources(config: Config) -> str:
    files = dict.fromkeys(each.source.partition(":")[0] for each in config.settings if ":" in each.source)
    return f"read from {', '.join(files)}" if files else "no config file in use"


def _key(config: Config) -> Finding:
    key = config.api_key
    source = next((each.source for each in config.settings if each.name == "api_key"), "")
    if key is None:
        return Finding("key", "fail", "there is none", no_key().hint)
    if not isinstance(key, Secret):
        return Finding("key", "ok", f"given by a function ({source})")
    trouble = _oddity(key.reveal()) if _is_xai(config.base_url) else None
    shown = f"{key.masked()} from {source}"
    if trouble:
        return Finding("key", "warn", f"{shown} {trouble}", "copy it again from https://console.x.ai")
    return Finding("key", "ok", shown)


def _oddity(key: str) -> str | None:
    """What is odd about the shape of a key of xAI.

    >>> _oddity("xai-" + 20 * "a") is None
    True
    >>> _oddity("xai-abc")
    'is only 7 characters long'
    """
    if not key.startswith(PREFIX):
        return f"does not begin with {PREFIX}, as keys of xAI do"
    return f"is only {len(key)} characters long" if len(key) < SHORTEST_KEY else None


def _is_xai(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    return host == "x.ai" or host.endswith(".x.ai")
