"""Whatever stands in the place of a host: it is asked, or the error says what is wrong with it."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grokkit.call import Call
from grokkit.errors import ConfigInvalid, ConnectionFailed, GrokError, InvalidRequest, NameNotResolved
from grokkit.transport.aiohttp import AiohttpTransport
from grokkit.transport.guard import guard

HOSTS = st.text(max_size=12) | st.text("[]@:%.\\/#?-_0x1av \u3002\uff11\u200d\u0130", max_size=14)
FORMS = st.sampled_from(["http://{}/v1", "https://{}/v1", "http://{}:80/v1", "http://[{}]/v1", "http://[v{}]/v1"])
MALFORMED = ["[]@", "[", "[]", "[3]", "[v1]", "a:b", "a:99999", "\u200d", "a\\b", ""]


def _unknown(*_: Any, **__: Any) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def _refused(*_: Any) -> None:
    raise ConnectionRefusedError(111, "Connection refused")


def _error(base_url: str) -> GrokError:
    """What a call to there gives where no name has an address and nothing listens."""
    call = Call(method="GET", base_url=base_url, path="/models", operation="test", id="1")
    with pytest.MonkeyPatch.context() as nowhere:
        nowhere.setattr(guard, "check", None)  # it would refuse, and nothing can get out of here anyway
        nowhere.setattr(socket, "getaddrinfo", _unknown)
        nowhere.setattr(asyncio.SelectorEventLoop, "sock_connect", _refused)
        with pytest.raises(GrokError) as caught:
            asyncio.run(AiohttpTransport(trust_env=False).send(call))
    return caught.value


@given(HOSTS, FORMS)
@example("[]@", "http://{}/v1")
def test_any_host_is_asked_or_refused(host: str, form: str) -> None:
    error = _error(form.format(host))

    assert type(error) in {ConfigInvalid, InvalidRequest, ConnectionFailed, NameNotResolved}


@pytest.mark.parametrize("host", MALFORMED)
def test_a_malformed_host_is_a_mistake_in_the_settings(host: str) -> None:
    error = _error(f"http://{host}/v1")

    assert type(error) is ConfigInvalid
    assert "the address cannot be used" in str(error)
    assert "base_url" in str(error)
    assert "index out of range" not in str(error)
