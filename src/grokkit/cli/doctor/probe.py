"""The steps of the way, each tried alone with plain sockets, so that the one that fails is known."""

from __future__ import annotations

import http.client
import queue
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from grokkit.cli.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grokkit.cli.doctor.route import Route

DAY = 86_400
CHECK_NETWORK = "check the network (VPN, firewall) and base_url; behind a company proxy set HTTPS_PROXY"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What the server, or whoever opens the connection on the way, shows of itself."""

    subject: str
    issuer: str
    days_left: int
    protocol: str


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """The outcome of one request."""

    trouble: Finding | None = None
    certificate: Certificate | None = None
    status: int = 0
    seconds: float = 0.0
    skew: float | None = None
    """How many seconds this machine's clock is ahead of the server's."""


def resolve(route: Route, seconds: float) -> Finding:
    """Look the name of the first hop up."""
    host, port = route.first_hop
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()
    # The system's look-up takes no limit, so it is left behind in its thread when it takes too long.
    threading.Thread(target=_look_up, args=(host, port, answer), daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except queue.Empty:
        return Finding("name", "fail", f"{host} was not looked up within {seconds:g} s", CHECK_NETWORK)
    if isinstance(found, OSError):
        return Finding("name", "fail", f"{host} has no address: {found.strerror or found}", CHECK_NETWORK)
    return Finding("name", "ok", f"{host} is {', '.join(found)}")


def _look_up(host: str, port: int, answer: queue.SimpleQueue[list[str] | OSError]) -> None:
    try:
        every = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        answer.put(error if isinstance(error, OSError) else OSError(str(error)))
        return
    answer.put(list(dict.fromkeys(str(address[0]) for *_, address in every)))


def connect(route: Route, seconds: float) -> Finding:
    """Connect to the first hop, and let go again."""
    host, port = route.first_hop
    began = time.monotonic()
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except OSError as error:
        return Finding("connection", "fail", f"{host}:{port}: {error.strerror or error}", CHECK_NETWORK)
    return Finding("connection", "ok", f"{host}:{port} after {(time.monotonic() - began) * 1000:.0f} ms")


def speak(route: Route, seconds: float, context: ssl.SSLContext) -> Spoken:
    """Ask the server for its models without a key: any reply will do."""
    connection = _connection(route, seconds, context)
    certificate = None
    began = time.monotonic()
    try:
        connection.connect()
        certificate = _certificate(connection.sock)
        connection.request("GET", _target(route), headers=_headers(route))
        reply = connection.getresponse()
        date = reply.getheader("Date")
    except (OSError, http.client.HTTPException) as error:
        return Spoken(trouble=_trouble(error), certificate=certificate)
    finally:
        connection.close()
    return Spoken(certificate=certificate, status=reply.status, seconds=time.monotonic() - began, skew=_skew(date))


def _connection(route: Route, seconds: float, context: ssl.SSLContext) -> http.client.HTTPConnection:
    host, port = route.first_hop
    if not route.secure:
        return http.client.HTTPConnection(host, port, timeout=seconds)
    connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
    if route.proxy is not None:
        connection.set_tunnel(route.host, route.port, headers=_credentials(route))
    return connection


def _target(route: Route) -> str:
    path = f"{route.path}/models"
    return f"http://{route.host}:{route.port}{path}" if route.proxy and not route.secure else path


def _headers(route: Route) -> dict[str, str]:
    return {"Accept": "application/json", **({} if route.secure else _credentials(route))}


def _credentials(route: Route) -> dict[str, str]:
    return {"Proxy-Authorization": route.proxy_credentials} if route.proxy_credentials else {}


def _certificate(connection: socket.socket | None) -> Certificate | None:
    if not isinstance(connection, ssl.SSLSocket):
        return None
    shown = connection.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(str(shown.get("notAfter", "Jan  1 00:00:00 1970 GMT")))
    return Certificate(
        subject=_name(shown, "subject", "commonName"),
        issuer=_name(shown, "issuer", "organizationName") or _name(shown, "issuer", "commonName"),
        days_left=int((ends - time.time()) // DAY),
        protocol=connection.version() or "TLS",
    )


def _name(certificate: Mapping[str, object], whose: str, wanted: str) -> str:
    parts = certificate.get(whose)
    pairs = [pair for part in parts for pair in part] if isinstance(parts, tuple) else []
    return next((str(value) for name, value in pairs if name == wanted), "")


def _trouble(error: Exception) -> Finding:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Finding(
            "certificate",
            "fail",
            f"not trusted: {error.verify_message or error}",
            "if your organisation's proxy opens TLS, name its CA file: ca_file in the settings, or SSL_CERT_FILE",
        )
    if isinstance(error, ssl.SSLError):
        return Finding("certificate", "fail", f"no TLS: {error.reason or error}", CHECK_NETWORK)
    return Finding("reply", "fail", f"none: {error or type(error).__name__}", CHECK_NETWORK)


def _skew(date: str | None) -> float | None:
    if date is None:
        return None
    try:
        return time.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
