"""What goes wrong on the way of a call, in our words: tables for the adapters, and one wording for all of them.

An adapter lists its library's exceptions beside the functions below; the first row that fits makes the error.
What was never sent is a `ConnectionFailed`; anything later is a `ConnectionLost`, since the server may have acted.
"""

from __future__ import annotations

import os
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from grokkit.errors import (
    CertificateRejected,
    ConfigInvalid,
    ConnectionFailed,
    ConnectionLost,
    ConnectTimedOut,
    GrokError,
    InvalidRequest,
    NameNotResolved,
    ReplyUnreadable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from grokkit.call import Call

    Make = Callable[[Exception, Call], GrokError]
    Table = Sequence[tuple[type[Exception], Make]]

_LONGEST_REASON = 200
_PROXY_WANTS_CREDENTIALS = 407
_ALERTS_ABOUT_OURS = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "UNKNOWN_CA", "CERTIFICATE_EXPIRED", "ACCESS_DENIED")


def translated(error: Exception, table: Table, call: Call, *, telling: tuple[type[Exception], ...] = ()) -> GrokError:
    """The error in our words, ready to be raised outside of the `except` block that caught the original.

    The original becomes its cause, except for the `telling` types, whose text or repr may hold the request's headers
    or the proxy's password: in place of these stands the first of their causes that tells nothing.
    """
    make = next((make for kind, make in table if isinstance(error, kind)), connection_lost)
    made = make(error, call)
    if make is not not_sendable:
        made.__cause__ = next((origin for origin in causes(error) if not isinstance(origin, telling)), None)
    return made


def causes(error: BaseException) -> Iterator[Exception]:
    """The error and what it came from, nearest first; a group counts as the cause of none but its members."""
    found: list[BaseException] = [error]
    for origin in found:
        if isinstance(origin, BaseExceptionGroup):
            found += [member for member in origin.exceptions if member not in found]
        elif isinstance(origin, Exception):
            yield origin
        behind = origin.__cause__ or origin.__context__
        if behind is not None and behind not in found:
            found.append(behind)


def not_connected(error: Exception, call: Call) -> GrokError:
    """No connection, for the reason that the system or TLS gave."""
    for kind, make in _REASONS:
        for origin in causes(error):
            if isinstance(origin, kind):
                return make(origin, call)
    return ConnectionFailed(
        f"no connection to {_host(call)}: {_reason(error)}",
        hint="check that the server runs and that nothing on the way refuses; `grokkit doctor` tries the way",
    )


def name_not_resolved(error: Exception, call: Call) -> NameNotResolved:
    """The host of base_url, or of the proxy, has no address."""
    host = getattr(error, "host", None) or _host(call)
    return NameNotResolved(
        f"the name {host!r} could not be resolved: {_reason(error)}",
        hint="check base_url, the network and the proxy settings; `grokkit doctor` tries each",
    )


def connect_timed_out(error: Exception, call: Call) -> ConnectTimedOut:
    """No connection, new or pooled, in the time given for it."""
    limit = call.limits.connect
    within = "in time" if limit is None else f"within {limit:g} s"
    return ConnectTimedOut(
        f"no connection to {_host(call)} {within}",
        hint="check network and proxy; raise Timeouts(connect=...) for slow networks,"
        " or max_connections=... if very many calls run at once",
    )


def certificate_rejected(error: Exception, call: Call) -> CertificateRejected:
    """The server's certificate is not good for this host, or not from anybody we trust."""
    return CertificateRejected(
        f"the certificate of {_host(call)} was not accepted: {_certificate_reason(error)}",
        hint="behind a company proxy, pass its CA: ca_file=... or SSL_CERT_FILE; else check base_url and the clock",
    )


def tls_failed(error: Exception, call: Call) -> GrokError:
    """TLS could not be agreed on."""
    if (refusal := _refusal_of_our_certificate(error)) is not None:
        return client_certificate_refused(refusal, call)
    return ConnectionFailed(
        f"no TLS connection to {_host(call)}: {_reason(error)}",
        hint="check that base_url has the right port and is https only where the server is;"
        " a server that wants a client certificate may also end a handshake so (client_cert=...)",
    )


def client_certificate_refused(error: Exception, call: Call) -> CertificateRejected:
    """The server wants a client certificate, and did not get one that it takes."""
    return CertificateRejected(
        f"{_host(call)} did not accept the client certificate, or wants one: {_reason(error)}",
        hint="pass client_cert=... and client_key=... that the server's operator gave you",
    )


def proxy_refused(error: Exception, _call: Call) -> ConnectionFailed:
    """The proxy answered the CONNECT with something else than a connection."""
    status = proxy_status(error)
    wants_credentials = status == _PROXY_WANTS_CREDENTIALS
    return ConnectionFailed(
        f"the proxy refused to connect us: {_shortened(getattr(error, 'message', '') or str(error))}",
        status=status,
        retryable=False if wants_credentials else None,
        hint="put user name and password into the proxy's address, before the host (proxy=..., HTTPS_PROXY)"
        if wants_credentials
        else "check the proxy's address and rules (proxy=..., HTTPS_PROXY, NO_PROXY)",
    )


def proxy_status(error: Exception) -> int | None:
    """The status the proxy gave, if the error knows it."""
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return status
    first = str(error).partition(" ")[0]
    return int(first) if first.isdigit() else None


def proxy_not_reached(error: Exception, call: Call) -> GrokError:
    """There is no connection to the proxy itself."""
    made = not_connected(error, call)
    address = ":".join(str(part) for part in (getattr(error, "host", None), getattr(error, "port", None)) if part)
    return type(made)(
        f"the proxy{f' {address}' if address else ''} could not be reached: {_reason(error)}",
        hint="check the proxy's address (proxy=..., HTTPS_PROXY), or exempt the host with NO_PROXY",
    )


def nothing_was_sent(error: Exception, call: Call) -> ConnectionFailed:
    """A pooled connection was found closed before the first byte of the request was written to it."""
    return ConnectionFailed(
        f"the connection to {_host(call)} had been closed before anything was sent: {_reason(error)}",
        hint="make the call again: nothing of it has reached the server",
    )


def connection_lost(error: Exception, call: Call) -> GrokError:
    """The connection broke after the request was sent, or while it was."""
    if (refusal := _refusal_of_our_certificate(error)) is not None:
        return client_certificate_refused(refusal, call)
    return ConnectionLost(
        f"the connection to {_host(call)} was lost before the reply was complete: {_reason(error)}",
        hint="the server may have acted on the request all the same, and billed it",
    )


def not_http(error: Exception, call: Call) -> ReplyUnreadable:
    """What came back breaks the rules of HTTP."""
    text = getattr(error, "message", "") or str(error)
    return ReplyUnreadable(
        f"what {_host(call)} sent is not HTTP: {_shortened(text)}",
        hint="check base_url: scheme, host and port; a proxy on the way may also answer in its own tongue",
    )


def not_decodable(error: Exception, call: Call) -> ReplyUnreadable:
    """The body is not in the compression that its header names."""
    return ReplyUnreadable(
        f"the reply of {_host(call)} could not be decompressed: {_reason(error)}",
        hint="a proxy on the way may have damaged it: try again, and report it if it repeats",
    )


def address_unusable(error: Exception, _call: Call) -> ConfigInvalid:
    """The URL cannot be asked."""
    return ConfigInvalid(f"the address cannot be used: {_shortened(str(error))}", hint="check base_url")


def not_sendable(_error: Exception, _call: Call) -> InvalidRequest:
    """A header cannot be written. The original text may quote it, key and all, and so is not repeated."""
    return InvalidRequest(
        "the request's headers cannot be sent: one of them holds a character that HTTP does not allow",
        hint="look for line breaks and control characters in the key, the user agent and extra headers",
    )


def _refusal_of_our_certificate(error: Exception) -> Exception | None:
    for origin in causes(error):
        alert = getattr(origin, "reason", None) or ""
        if isinstance(origin, ssl.SSLError) and "ALERT" in alert and any(end in alert for end in _ALERTS_ABOUT_OURS):
            return origin
    return None


def _certificate_reason(error: Exception) -> str:
    verdicts = (getattr(origin, "verify_message", None) for origin in causes(error))
    return _shortened(next((verdict for verdict in verdicts if verdict), None) or str(error))


def _reason(error: BaseException) -> str:
    """What TLS or the system said, else the library."""
    origins = list(causes(error))
    for failed in origins:
        if isinstance(failed, ssl.SSLError) and (reason := getattr(failed, "reason", None)):
            return str(reason).replace("_", " ").lower()
    for failed in origins:
        if isinstance(failed, socket.gaierror) and failed.strerror:
            return failed.strerror
        if isinstance(failed, OSError) and failed.errno and failed.errno > 0:
            return os.strerror(failed.errno)
    return _said(error) or type(error).__name__


def _said(error: BaseException) -> str:
    """The library's own words; where it gives what it had parsed of the head instead, so much is said of it."""
    parsed = getattr(error, "message", "")
    return _shortened(str(error)) if isinstance(parsed, str) else "in the middle of its headers"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}..."


def _host(call: Call) -> str:
    parts = urlsplit(call.base_url)
    return parts.netloc.rpartition("@")[2]


_REASONS: Table = (
    (ssl.SSLCertVerificationError, certificate_rejected),
    (ssl.SSLError, tls_failed),
    (socket.gaierror, name_not_resolved),
    (TimeoutError, connect_timed_out),
)
