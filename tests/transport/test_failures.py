"""The wording of failures, as plain functions."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING

import aiohttp
import pytest

from grokkit.call import Call
from grokkit.config import Limits
from grokkit.errors import ConnectionFailed, ConnectionLost, ConnectTimedOut, NameNotResolved
from grokkit.transport import aiohttp as ours
from grokkit.transport import failures

if TYPE_CHECKING:
    from grokkit.errors import GrokError

CALL = Call(
    method="POST", base_url="https://api.x.ai/v1", path="/x", operation="chat", id="c", limits=Limits(connect=2.5)
)


def _from(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "kind", "said"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), ConnectionFailed, "Connection refused"),
        (OSError(errno.ENETUNREACH, "x"), ConnectionFailed, "Network is unreachable"),
        (OSError(errno.EMFILE, "x"), ConnectionFailed, "Too many open files"),
        (TimeoutError(errno.ETIMEDOUT, "x"), ConnectTimedOut, "within 2.5 s"),
        (socket.gaierror(-2, "Name or service not known"), NameNotResolved, "'api.x.ai'"),
        (ssl.SSLError(1, "record layer failure"), ConnectionFailed, "no TLS connection to api.x.ai"),
        (RuntimeError("odd"), ConnectionFailed, "no connection to api.x.ai: odd"),
    ],
)
def test_a_connection_fails_for_the_reason_at_the_root(cause: Exception, kind: type[GrokError], said: str) -> None:
    wrapped = _from(OSError("All connection attempts failed"), ExceptionGroup("several", [cause]))

    error = failures.not_connected(_from(ValueError("odd"), wrapped) if kind is not ConnectionFailed else wrapped, CALL)

    assert type(error) is kind
    if not isinstance(cause, RuntimeError):
        assert said in str(error)


def test_causes_are_walked_once_even_in_a_circle() -> None:
    one, other = ValueError("one"), KeyError("other")
    one.__cause__ = other
    other.__context__ = one

    assert list(failures.causes(one)) == [one, other]


def test_only_a_small_request_is_known_to_be_unsent() -> None:
    found_closed = aiohttp.ClientConnectionResetError("Cannot write to closing transport")
    small, large = CALL.replace(body=b"x"), CALL.replace(body=bytes(2_000_000))

    assert type(ours._translated(found_closed, small)) is ConnectionFailed
    assert type(ours._translated(found_closed, large)) is ConnectionLost
    assert type(ours._translated(aiohttp.ServerDisconnectedError(), small)) is ConnectionLost


def test_a_long_reason_is_shortened() -> None:
    error = failures.not_http(ValueError("x" * 5000), CALL)

    assert len(str(error)) < 500
