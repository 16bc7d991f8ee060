"""The options that say which server is asked and how, and the client they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import click

from grokkit.cli.failure import no_key
from grokkit.cli.say import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit import Grok
    from grokkit.client import ConfigOptions
    from grokkit.telemetry.events import Event

_NOTICEABLE = 1.0
F = TypeVar("F", bound="Callable[..., object]")


@dataclass(frozen=True, kw_only=True)
class Server:
    """Which server is asked, and how long it may take; `None` leaves a thing to environment and files."""

    profile: str | None = None
    base_url: str | None = None
    timeout: float | None = None
    sessions: str | None = None
    tenant: str | None = None

    def settings(self) -> ConfigOptions:
        """What was given, as arguments of a client."""
        settings: ConfigOptions = {}
        if self.profile is not None:
            settings["profile"] = self.profile
        if self.base_url is not None:
            settings["base_url"] = self.base_url
        if self.timeout is not None:
            settings["timeout"] = self.timeout
        if self.sessions is not None:
            settings["sessions"] = self.sessions
        if self.tenant is not None:
            settings["tenant"] = self.tenant
        return settings

    def silent_client(self) -> Grok:
        """A client for what asks no model, and so needs no key."""
        from grokkit import Grok

        return Grok(**self.settings())

    def client(self) -> Grok:
        """A client that says when it waits. Raises `KeyMissing`, with the ways to go on, when there is no key."""
        from grokkit import Grok

        grok = Grok(**self.settings(), hooks=[say_wait])
        if grok.config.api_key is None:
            raise no_key()
        return grok

    def local_client(self, path: str | None) -> Grok:
        """A client of the embedded engine."""
        from grokkit import Grok

        return Grok.local(path, **self.settings())


def say_wait(event: Event) -> None:
    """Tell the person before the terminal why nothing happens."""
    from grokkit.telemetry.events import Queued, Retried

    if isinstance(event, Retried) and event.delay >= _NOTICEABLE:
        why = getattr(event.error, "message", None) or type(event.error).__name__
        say(f"grokkit: {why}; trying again in {event.delay:.0f} s (try {event.attempt})", dim=True)
    elif isinstance(event, Queued) and event.wait >= _NOTICEABLE:
        say(f"grokkit: waiting {event.wait:.0f} s for the rate limit", dim=True)


profile_option = click.option("--profile", metavar="NAME", help="The profile of the config file to use.")
base_url_option = click.option("--base-url", metavar="URL", help="Another server that speaks the same API.")


def server_options(function: F) -> F:
    """The options `--profile`, `--base-url` and `--timeout`."""
    timeout = click.option(
        "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="The most a call may take."
    )
    return profile_option(base_url_option(timeout(function)))
