"""Read what an error body says, in any of the shapes that servers use: its text, code and field.

Flat `{"code","error"}`, nested `{"error":{...}}`, string only, plain text, gRPC gateway, `{"detail":...}`,
JSON inside a string, a web page, XML, cut-off JSON, bytes that are no text at all.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

_READ_AS_TEXT = 16 * 1024
_READ_AS_JSON = 1024 * 1024
_KEPT = 4096
_LARGEST_CODE = 10**15
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ud800-\udfff]"
)
_TEXT_NAMES = ("error", "message", "detail", "msg", "error_description", "error_message", "title", "reason")
_GLEANED = re.compile(r'"(error|message|detail|code|param|type)"\s*:\s*"((?:[^"\\]|\\.)*)("?)')
_TITLE = re.compile(r"<title[^>]*>(.*?)</title|<h1[^>]*>(.*?)</h1", re.IGNORECASE | re.DOTALL)
_XML_FIELD = re.compile(r"<(Code|Message)>([^<]*)<", re.IGNORECASE)


class Fault(NamedTuple):
    """What the body of a failed reply says; `text` is empty when it says nothing."""

    text: str = ""
    code: str | None = None
    kind: str | None = None
    param: str | None = None
    status: int | None = None
    request_id: str | None = None
    page: bool = False

    def over(self, outer: "Fault") -> "Fault":
        """This fault, with what it does not know taken from the one around it."""
        return Fault(
            text=self.text or outer.text,
            code=self.code or outer.code,
            kind=self.kind or outer.kind,
            param=self.param or outer.param,
            status=self.status or outer.status,
            request_id=self.request_id or outer.request_id,
            page=self.page or outer.page,
        )


def readable(body: bytes) -> str:
    """The start of the body as text, without characters that cannot be seen."""
    return visible(body[:_READ_AS_TEXT].decode("utf-8", "replace"))


def visible(text: str) -> str:
    """The start of the text, without characters that cannot be seen: they could hide a key from masking."""
    return _INVISIBLE.sub("", text[:_READ_AS_TEXT]).strip()


def read_fault(body: bytes, content_type: str = "") -> Fault:
    """What the body says, whatever it is.

    >>> read_fault(b'{"code":"invalid-argument","error":"Messages cannot be empty"}').text
    'Messages cannot be empty'
    >>> read_fault(b"<html><title>502 Bad Gateway</title>").text
    '502 Bad Gateway'
    """
    text = _unframed(readable(body))
    if "html" in content_type.lower() or re.match(r"<(!doctype|html|head|body)\b", text, re.IGNORECASE):
        return _page(text)
    if text.startswith(("<?xml", "<Error")):
        fields = {name.lower(): value.strip() for name, value in _XML_FIELD.findall(text)}
        return Fault(fields.get("message", ""), fields.get("code"))
    decoded = _decoded_body(body)
    return _gleaned(text) if decoded is None else fault_of(decoded.value)


def decoded_mapping(body: bytes) -> Mapping[str, object] | None:
    """The JSON object that the body holds, or None when it holds anything else."""
    decoded = _decoded_body(body)
    return decoded.value if decoded and isinstance(decoded.value, dict) else None


def fault_of(value: object, depth: int = 6) -> Fault:
    """What a decoded JSON value says."""
    if isinstance(value, Mapping):
        return _of_mapping(value, depth)
    if isinstance(value, list):
        return fault_of(value[0], depth - 1) if value and depth else Fault()
    return _of_string(value, depth) if isinstance(value, str) else Fault()


def _unframed(text: str) -> str:
    frame = re.match(r"(?:event:[^\n]*\n)?data: ?([^\n]*)", text)
    return frame[1] if frame else text


def _of_mapping(value: Mapping[object, object], depth: int) -> Fault:
    named_status = value.get("status")
    own = Fault(
        code=_word(value.get("code")) or _word(value.get("error_code")),
        kind=_word(value.get("type")) or (named_status if isinstance(named_status, str) else None),
        param=_word(value.get("param")) or _location(value.get("loc")),
        status=_whole(named_status) or _whole(value.get("status_code")),
        request_id=_word(value.get("request_id")),
    )
    error, described = value.get("error"), value.get("error_description") or value.get("message")
    if isinstance(error, str) and isinstance(described, str) and re.fullmatch(r"[\w-]+", error):
        return Fault(_one_line(described), error).over(own)
    for name in (*_TEXT_NAMES, "errors"):
        inner = fault_of(value.get(name), depth - 1) if depth else Fault()
        if inner.text or inner.code:
            return inner.over(own)
    return own


def _of_string(text: str, depth: int) -> Fault:
    if depth and text.lstrip().startswith(("{", "[")) and (decoded := _decoded(text)):
        inner = fault_of(decoded.value, depth - 1)
        return inner if inner.text else inner._replace(text=_one_line(text))
    return Fault(_one_line(text))


def _one_line(text: str) -> str:
    if "%20" in text:
        from urllib.parse import unquote

        text = unquote(text)
    return " ".join(_INVISIBLE.sub("", text[:_KEPT]).split())


def _page(text: str) -> Fault:
    from html import unescape

    title = _TITLE.search(text)
    words = re.sub(r"<[^>]*>", " ", (title[1] or title[2] or "") if title else "")
    return Fault(_one_line(unescape(words)), page=True)


class _Decoded(NamedTuple):
    value: object


def _decoded_body(body: bytes) -> _Decoded | None:
    return _decoded(body if len(body) > _READ_AS_TEXT else _unframed(readable(body)))


def _decoded(text: str | bytes) -> _Decoded | None:
    if len(text) > _READ_AS_JSON:
        return None
    try:
        return _Decoded(msgspec.json.decode(text))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _gleaned(text: str) -> Fault:
    if not text.startswith(("{", "[")):
        return Fault(_one_line(text))
    found: dict[str, str] = {}
    for name, value, _ in _GLEANED.findall(text):
        found.setdefault(name, re.sub(r"\\(.)", r"\1", value))
    message = found.get("error") or found.get("message") or found.get("detail")
    return Fault(_one_line(message or text), found.get("code"), found.get("type"), found.get("param"))


def _word(value: object) -> str | None:
    if isinstance(value, str):
        return _one_line(value) or None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return f"{value:.0f}" if abs(value) < _LARGEST_CODE else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _location(value: object) -> str | None:
    if not isinstance(value, list):
        return None
    steps = value[1:] if value[:1] in (["body"], ["query"], ["path"]) else value
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path.removeprefix(".") or None
