"""Recordings of browsers and proxies (HAR) as a cassette."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from grokkit.call import Call
from grokkit.testing.cassette import file
from grokkit.testing.cassette.failures import CassetteBroken
from grokkit.testing.cassette.interaction import Interaction
from grokkit.testing.cassette.recording import Heard, request_of, response_of
from grokkit.testing.cassette.scrub import Scrubber

if TYPE_CHECKING:
    from grokkit.testing.cassette.interaction import Request, Response


def from_har(source: str | Path, target: str | Path) -> Path:
    """Write a cassette of a HAR file, and give its path; secrets stay behind.

    Reads HAR (`log.entries`), and lists of `{request: {method, url, body}, response: {status, headers, body,
    encoding}}`. Raises `CassetteBroken` for a file that is neither, `CassetteUnwritable`.
    """
    target = Path(target)
    try:
        document = json.loads(Path(source).read_bytes())
        entries = document["log"]["entries"] if isinstance(document, dict) else document
        file.write(target, [_interaction(entry) for entry in entries])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CassetteBroken(f"{source} is no HAR file: {type(error).__name__}: {error}") from error
    return target


def _interaction(entry: dict[str, Any]) -> Interaction:
    scrubber = Scrubber()
    request = _request(entry["request"], scrubber)
    return Interaction(request=request, response=_response(entry["response"], float(entry.get("time", 0)), scrubber))


def _request(told: dict[str, Any], scrubber: Scrubber) -> Request:
    headers = _headers(told.get("headers"))
    body = told.get("body", told.get("postData", {}).get("text"))
    if body is not None:
        headers.setdefault("content-type", "application/json")
    address = urlsplit(told["url"])
    call = Call(
        method=told["method"],
        base_url=f"{address.scheme}://{address.netloc}",
        path=address._replace(scheme="", netloc="").geturl(),
        operation="har",
        id="har",
        body=None if body is None else body.encode(),
        headers=headers,
    )
    scrubber.learn(call)
    return request_of(call, scrubber)


def _response(told: dict[str, Any], milliseconds: float, scrubber: Scrubber) -> Response:
    content = told.get("content", {"text": told.get("body"), "encoding": told.get("encoding")})
    text = content.get("text") or ""
    body = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
    headers = _headers(told["headers"])
    return response_of(told["status"], headers, Heard([(0.0, body)]), scrubber, after=milliseconds / 1000)


def _headers(told: Any) -> dict[str, str]:
    if isinstance(told, list):
        return {header["name"].lower(): header["value"] for header in told}
    return {name.lower(): value for name, value in (told or {}).items()}
