"""A call as a cURL command for debugging: secrets masked, the body left out."""

import shlex
from collections.abc import Mapping

_SHOWN_HEADERS = frozenset(
    {"accept", "content-type", "user-agent", "x-client-request-id", "x-grok-conv-id"},
)


def as_curl(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> str:
    """A command that a person can complete and run. Values of headers that may hold a secret are masked.

    >>> print(as_curl("POST", "https://api.x.ai/v1/responses", {"Authorization": "Bearer xai-1"}, b"{}"))
    curl -X POST https://api.x.ai/v1/responses -H 'Authorization: ***' --data-binary @body.json  # 2 bytes, left out
    """
    parts = ["curl", "-X", method, shlex.quote(url)]
    for name, value in headers.items():
        shown = value if name.lower() in _SHOWN_HEADERS else "***"
        parts += ["-H", shlex.quote(f"{name}: {shown}")]
    if body is not None:
        parts.append(f"--data-binary @body.json  # {len(body)} bytes, left out")
    return " ".join(parts)
