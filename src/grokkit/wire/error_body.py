"""Make the right error of a failed reply, or of an error that came inside a stream. Pure: no I/O."""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus

from grokkit.errors import (
    Details,
    GrokError,
    InvalidRequest,
    ModelNotFound,
    ParameterRejected,
    RateLimited,
    ReplyUnreadable,
    ResponseFailed,
    ServerFailed,
)
from grokkit.masking import mask_keys
from grokkit.wire.error_codes import status_of
from grokkit.wire.error_param import named_parameter
from grokkit.wire.error_rules import Verdict, judge
from grokkit.wire.error_shapes import Fault, decoded_mapping, fault_of, read_fault, readable, visible
from grokkit.wire.retry_after import retry_after, retry_after_text

__all__ = ["classify", "in_stream_error", "retry_after"]

_QUOTED = 500
_CODE_DECIDES: dict[int, frozenset[int]] = {
    HTTPStatus.BAD_REQUEST: frozenset({401, 403, 404, 429}),
    HTTPStatus.INTERNAL_SERVER_ERROR: frozenset(range(400, 600)),
}
_BROKEN_BEHIND_EDGE = (525, 526)
_ERROR_EVENTS = frozenset({"error", "response.error", "response.failed"})
_FIGURES = re.compile(
    r"([^-\u2013\u2014.,:;()\n]{1,200}?) ?\(actual ?/ ?limit\) ?:? ?"
    r"(\d[\d,]*(?:\.\d+)?) ?/ ?(\d[\d,]*(?:\.\d+)?)",
    re.IGNORECASE,
)


def classify(status: int, headers: Mapping[str, str], body: bytes) -> GrokError:
    """The error that a failed reply means, with all it says: not raised, just returned.

    Takes every status, 200 too: an error body under 200 becomes its error, any other body `ReplyUnreadable`.
    Texts are quoted up to 500 characters, keys masked.

    >>> error = classify(429, {"retry-after": "3"}, b'{"code":"429","error":"Too many requests"}')
    >>> type(error).__name__, error.code, error.retry_after, error.retryable
    ('RateLimited', '429', 3.0, True)
    """
    known = {name.lower(): value for name, value in headers.items()}
    fault = read_fault(body, known.get("content-type", ""))
    details = _reply_details(status, known, body)
    if status < HTTPStatus.MULTIPLE_CHOICES and not _says_error(body):
        return ReplyUnreadable(_unreadable_text(fault, body), **details)
    verdict = judge(_decisive_status(status, fault), _words(fault), page=fault.page)
    error = _build(verdict or Verdict(ServerFailed), fault, _message(status, fault, known), details)
    if status in _BROKEN_BEHIND_EDGE or known.get("x-should-retry", "").strip().lower() == "false":
        error.retryable = False
    return error


def in_stream_error(frame: Mapping[str, object]) -> GrokError | None:
    """The error that a decoded frame of a stream reports, or None when it is an ordinary frame.

    Knows the flat `{"code","error"}` in place of a chunk, `{"type":"error"}` events with or without a nested
    `error` and `status` (WebSocket), and `response.failed`.

    >>> error = in_stream_error({"code": "The service is currently unavailable", "error": "Timed out"})
    >>> type(error).__name__, error.message, error.retryable
    ('ServerFailed', 'Timed out', True)
    >>> in_stream_error({"choices": [], "usage": {}}) is None
    True
    """
    if not _is_error_frame(frame):
        return None
    response = frame.get("response")
    fault = fault_of(response.get("error")) if isinstance(response, Mapping) else fault_of(frame)
    verdict = judge(_decisive_status(fault.status or HTTPStatus.OK, fault), _words(fault))
    if verdict is None or (verdict.kind is ServerFailed and frame.get("type") == "response.failed"):
        verdict = Verdict(ResponseFailed)
    shown = visible(json.dumps(dict(frame), ensure_ascii=False, default=str))
    details = Details(status=fault.status, body=_quoted(shown))
    return _build(verdict, fault, fault.text or "the stream reported an error without a text", details)


def _is_error_frame(frame: Mapping[str, object]) -> bool:
    kind = frame.get("type")
    if isinstance(kind, str) and (kind in _ERROR_EVENTS or "." in kind):
        return kind in _ERROR_EVENTS
    if frame.get("error"):
        return True
    answers = {"choices", "output", "data", "object"} & frame.keys()
    return "code" in frame and bool({"error", "message"} & frame.keys()) and not answers


def _says_error(body: bytes) -> bool:
    frame = decoded_mapping(body)
    return frame is not None and _is_error_frame(frame)


def _build(verdict: Verdict, fault: Fault, message: str, details: Details) -> GrokError:
    kind, param = verdict.kind, fault.param
    if issubclass(kind, InvalidRequest):
        param = param or named_parameter(fault.text)
    if kind is InvalidRequest and verdict.hint is None and (fault.param or "").isidentifier():
        kind = ParameterRejected
    if kind is ModelNotFound:
        param = param or "model"
    details = {
        **details,
        "hint": verdict.hint or _parameter_hint(kind, param),
        "code": _quoted(fault.code) if fault.code else None,
        "param": _quoted(param) if param else None,
        "request_id": details.get("request_id") or fault.request_id,
        "retry_after": details.get("retry_after"),
    }
    if kind is not RateLimited:
        return kind(_quoted(message), **details)
    if details["retry_after"] is None:
        details["retry_after"] = retry_after_text(fault.text)
    observed, limit = _figures(fault.text)
    return RateLimited(_quoted(message), observed=observed, limit=limit, **details)


def _parameter_hint(kind: type[GrokError], param: str | None) -> str | None:
    if kind is not ParameterRejected or param is None:
        return None
    return f"leave {_quoted(param)} out, change its value, or choose a model that takes it"


def _figures(text: str) -> tuple[dict[str, float], dict[str, float]]:
    observed: dict[str, float] = {}
    limit: dict[str, float] = {}
    for words, actual, allowed in _FIGURES.findall(text):
        name = re.split(r"\b(?:is|are)\b", words)[-1].strip().lower().replace(" ", "_")
        observed[name] = float(actual.replace(",", ""))
        limit[name] = float(allowed.replace(",", ""))
    return observed, limit


def _decisive_status(status: int, fault: Fault) -> int | None:
    meant = status_of(fault.code) or status_of(fault.kind)
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return status_of(str(fault.status)) or meant
    return meant if meant in _CODE_DECIDES.get(status, ()) else status


def _words(fault: Fault) -> str:
    return "\n".join(word for word in (fault.code, fault.kind, fault.text) if word)


def _reply_details(status: int, known: Mapping[str, str], body: bytes) -> Details:
    return Details(
        status=status,
        request_id=known.get("x-request-id") or known.get("x-trace-id"),
        retry_after=retry_after(known),
        body=_quoted(readable(body)) or None,
    )


def _message(status: int, fault: Fault, known: Mapping[str, str]) -> str:
    if fault.page:
        ray = f" (cf-ray {known['cf-ray']})" if "cf-ray" in known else ""
        title = f': "{fault.text}"' if fault.text else ""
        return f"a web page came with status {status}, not a reply of the API{title}{ray}"
    return fault.text or f"the server answered {_named(status)} and gave no reason"


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _unreadable_text(fault: Fault, body: bytes) -> str:
    if fault.page:
        return f'a web page came in place of a reply: "{fault.text}"'
    shown = _quoted(readable(body))
    return f"the reply is not what the API promises: {shown}" if shown else "the reply is empty"


def _quoted(text: str) -> str:
    masked = mask_keys(text)
    return masked if len(masked) <= _QUOTED else masked[: _QUOTED - 1] + "\u2026"
