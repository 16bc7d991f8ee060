"""A call as a cURL command for debugging: secrets masked, the body left out."""

import shlex
from collections.abc import Mapping

from grokkit.masking import mask_keys

_SHOWN_HEADERS = frozenset(
    {"accept", "content-type", "user-agent", "x-client-request-id", "x-grok-conv-id"},
)


def as_curl(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> str:
    """A command that a person can run, once the body is there. Values of headers that may hold a secret are masked.

    >>> print(as_curl("DELETE", "https://api.x.ai/v1/responses/r_1", {"X-Team": "search"}, None))
    curl -X DELETE https://api.x.ai/v1/responses/r_1 -H "Authorization: Bearer $XAI_API_KEY" -H 'X-Team: ***'
    """
    parts = ["curl", "-X", method, shlex.quote(mask_keys(url)), '-H "Authorization: Bearer $XAI_API_KEY"']
    for name, value in headers.items():
        if name.lower() == "authorization":
            continue
        shown = value if name.lower() in _SHOWN_HEADERS else "***"
        parts += ["-H", shlex.quote(f"{name}: {shown}")]
    if body is not None:
        parts.append(f"--data-binary @body.json  # {len(body)} bytes, left out")
    return " ".join(parts)
