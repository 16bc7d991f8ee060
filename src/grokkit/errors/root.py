"""What every error of ours knows, and the one root of them all."""

import functools
from typing import Self, TypedDict, Unpack

import msgspec

from grokkit.masking import mask_keys

_masked_url = functools.lru_cache(maxsize=256)(mask_keys)
_NOTHING_RAN = frozenset({408, 429, 503, 529})


class CallRef(msgspec.Struct, frozen=True):
    """Which call an error or an event belongs to.

    >>> str(CallRef("POST", "https://api.x.ai/v1/responses", "responses.create", "grok-4.7"))
    'POST /v1/responses (grok-4.7)'
    """

    method: str
    url: str
    operation: str
    model: str | None = None

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "url", _masked_url(self.url))

    def __str__(self) -> str:
        address = self.url.partition("?")[0].partition("#")[0]
        _, scheme, rest = address.partition("://")
        path = "/" + rest.partition("/")[2] if scheme else address
        return f"{self.method} {path}" + (f" ({self.model})" if self.model else "")


class Details(TypedDict, total=False):
    """What an error can know besides its message; every field is optional."""

    hint: str | None
    status: int | None
    code: str | None
    param: str | None
    request_id: str | None
    client_request_id: str | None
    retryable: bool | None
    retry_after: float | None
    call: CallRef | None
    body: str | None


class GrokError(Exception):
    """The root: catch it to catch everything grokkit raises.

    `status` is the HTTP status, `code` and `param` are the server's own words, `retry_after` is in seconds,
    `body` is the start of the server's reply, `attempts` counts how often the call was made.

    >>> error = RateLimited("Too many requests", status=429, request_id="7f3a")
    >>> print(error.with_call(CallRef("POST", "/v1/responses", "responses.create", "grok-4.7"), "c1"))
    Too many requests (429)
    call: POST /v1/responses (grok-4.7)
    ids: request 7f3a, client c1
    try: wait, then send fewer calls or tokens a minute, or ask xAI for a higher limit
    >>> error.retryable
    True
    """

    hint: str | None = None
    retryable: bool = False
    _ambiguous: bool = False

    def __init__(self, message: str, **details: Unpack[Details]) -> None:
        self.message = mask_keys(message)
        super().__init__(self.message)
        self.status = details.get("status")
        self.code = _masked(details.get("code"))
        self.param = _masked(details.get("param"))
        self.request_id = _masked(details.get("request_id"))
        self.client_request_id = details.get("client_request_id")
        self.retry_after = details.get("retry_after")
        self.call = details.get("call")
        self.body = _masked(details.get("body"))
        self.attempts = 1
        self.hint = _masked(details.get("hint") or self.hint)
        if (retryable := details.get("retryable")) is not None:
            self.retryable = retryable

    @property
    def may_have_run(self) -> bool:
        """Whether the server may have run the call, and billed it, although no answer came."""
        return self._ambiguous and self.status not in _NOTHING_RAN

    def with_call(self, call: CallRef, client_request_id: str) -> Self:
        """The same error, knowing its call and the client's id for it; what it knew already stays."""
        if self.call is None:
            self.call = call
        if self.client_request_id is None:
            self.client_request_id = client_request_id
        return self

    def __str__(self) -> str:
        code = self.code if self.code and " " not in self.code else None
        reply = " ".join(dict.fromkeys(str(part) for part in (self.status, code) if part))
        return "\n".join([f"{self.message} ({reply})" if reply else self.message, *_known_lines(self)])

    def __repr__(self) -> str:
        known = {"status": self.status, "code": self.code, "param": self.param, "request_id": self.request_id}
        details = "".join(f", {name}={value!r}" for name, value in known.items() if value is not None)
        return f"{type(self).__name__}({self.message!r}{details})"


def _masked(text: str | None) -> str | None:
    return None if text is None else mask_keys(text)


def _known_lines(error: GrokError) -> list[str]:
    attempts = f", {error.attempts} attempts" if error.attempts > 1 else ""
    ids = {"request": error.request_id, "client": error.client_request_id}
    lines = {
        "call": f"{error.call}{attempts}" if error.call else "",
        "ids": ", ".join(f"{name} {value}" for name, value in ids.items() if value),
        "try": error.hint,
    }
    return [f"{name}: {text}" for name, text in lines.items() if text]
