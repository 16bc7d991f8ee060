"""A batch in a file: one request a line. One bad line, and nothing of it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from grokkit.testing.simulator.nouns.batches.kinds import BY_URL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from grokkit.testing.simulator.nouns.batches.kinds import Kind

MOST_LINES = 50_000
MOST_BYTES = 200 * 1024 * 1024

_decode = msgspec.json.decode


class Unreadable(ValueError):
    """A file that is refused; its text says why."""


def read_lines(content: bytes, unsupported: Collection[str]) -> list[tuple[str, Kind, dict[str, Any]]]:
    """Id, kind and body of each line. Raises `Unreadable`.

    >>> read_lines(b'{"custom_id": "a", "method": "POST", "url": "/v1/moderations", "body": {}}', ())
    Traceback (most recent call last):
    ...
    grokkit.testing.simulator.nouns.batches.lines.Unreadable: line 1: unsupported url `/v1/moderations`
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"the input file is larger than {MOST_BYTES // 1024 // 1024} MB")
    lines = [(number, line) for number, line in enumerate(content.splitlines(), start=1) if line.strip()]
    if not lines:
        raise Unreadable("the input file has no requests")
    if len(lines) > MOST_LINES:
        raise Unreadable(f"the input file has more than {MOST_LINES} requests")
    return list(_read(lines, unsupported))


def _read(lines: list[tuple[int, bytes]], unsupported: Collection[str]) -> Iterator[tuple[str, Kind, dict[str, Any]]]:
    seen: set[str] = set()
    for number, line in lines:
        try:
            request = _request(line)
            _check(request[0], request[2], seen, unsupported)
        except Unreadable as problem:
            raise Unreadable(f"line {number}: {problem}") from None
        seen.add(request[0])
        yield request


def _check(custom_id: str, body: dict[str, Any], seen: set[str], unsupported: Collection[str]) -> None:
    if custom_id in seen:
        raise Unreadable(f"custom_id `{custom_id}` is used twice")
    if body["model"] in unsupported:
        raise Unreadable(f"model {body['model']} is not supported for batch processing")


def _request(line: bytes) -> tuple[str, Kind, dict[str, Any]]:
    try:
        value = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreadable("not valid JSON") from None
    if not isinstance(value, dict):
        raise Unreadable("not a JSON object")
    custom_id, url, body = value.get("custom_id"), value.get("url"), value.get("body")
    if not isinstance(custom_id, str) or not custom_id:
        raise Unreadable("missing field `custom_id`")
    if value.get("method") != "POST":
        raise Unreadable("`method` must be POST")
    if url not in BY_URL:
        raise Unreadable(f"unsupported url `{url}`")
    if not isinstance(body, dict):
        raise Unreadable("missing field `body`")
    if not isinstance(body.get("model"), str):
        raise Unreadable("missing field `body.model`")
    return custom_id, BY_URL[url], body
