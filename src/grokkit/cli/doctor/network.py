"""The way to the server, step by step: proxy, name, connection, certificate, reply, clock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from grokkit.cli.doctor import probe
from grokkit.cli.doctor.finding import Finding
from grokkit.cli.doctor.route import Route
from grokkit.errors import GrokError
from grokkit.transport import tls
from grokkit.transport.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import Generator

    from grokkit.config import Config

PATIENCE = 5.0
CLOCK_SLACK = 120
EXPIRES_SOON = 14
SERVER_ERROR = 500
PROXY_VARIABLES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")


def examine(config: Config, patience: float | None) -> Generator[Finding, None, bool]:
    """What is found, and whether the server answers. Each step waits a few seconds at most."""
    seconds = min(patience or PATIENCE, PATIENCE)
    given = config.proxy.reveal() if config.proxy else None
    route = Route.of(config.base_url, proxy_for(config.base_url, given=given, trust_env=config.trust_env))
    yield _proxy(config, route)
    for step in (probe.resolve, probe.connect):
        finding = step(route, seconds)
        yield finding
        if finding.verdict == "fail":
            return False
    return (yield from _speak(config, route, seconds))


def _proxy(config: Config, route: Route) -> Finding:
    if route.proxy is None:
        return Finding("proxy", "ok", "none in force")
    names = [name for name in PROXY_VARIABLES if os.environ.get(name)] if config.trust_env else []
    source = "the settings" if config.proxy else f"the environment ({', '.join(names)})"
    return Finding("proxy", "ok", f"{route.shown_proxy} from {source}")


def _speak(config: Config, route: Route, seconds: float) -> Generator[Finding, None, bool]:
    if route.proxy_is_secure:
        yield Finding("certificate", "skip", "not looked at through a proxy that is itself reached by TLS")
        return True
    try:
        context = tls.context(
            ca_file=_text(config.ca_file),
            client_cert=_text(config.client_cert),
            client_key=_text(config.client_key),
            trust_env=config.trust_env,
        )
    except GrokError as error:
        yield Finding("certificate", "fail", error.message, error.hint)
        return False
    spoken = probe.speak(route, seconds, context)
    if spoken.certificate is not None:
        yield _certificate(spoken.certificate)
    if spoken.trouble is not None:
        yield spoken.trouble
        return False
    yield _reply(spoken)
    if spoken.skew is not None:
        yield _clock(spoken.skew)
    return True


def _certificate(certificate: probe.Certificate) -> Finding:
    words = f"{certificate.subject} by {certificate.issuer}, {certificate.days_left} days left, {certificate.protocol}"
    if certificate.days_left < EXPIRES_SOON:
        return Finding("certificate", "warn", words, "tell whoever runs the server, or the proxy, to renew it")
    return Finding("certificate", "ok", words)


def _reply(spoken: probe.Spoken) -> Finding:
    words = f"the server answers ({spoken.status} after {spoken.seconds * 1000:.0f} ms)"
    if spoken.status >= SERVER_ERROR:
        return Finding("reply", "warn", words, "https://status.x.ai shows known trouble; try again later")
    return Finding("reply", "ok", words)


def _clock(skew: float) -> Finding:
    if abs(skew) > CLOCK_SLACK:
        ahead = "ahead of" if skew > 0 else "behind"
        words = f"this machine is {abs(skew):.0f} s {ahead} the server"
        return Finding("clock", "warn", words, "set the clock (timedatectl set-ntp true): certificates depend on it")
    return Finding("clock", "ok", "agrees with the server's")


def _text(path: object) -> str | None:
    return None if path is None else str(path)
