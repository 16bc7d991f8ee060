"""What a call will take of a limit on tokens, as far as can be told before it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE_TOKENS = 1_792
"""What an image takes at most: seven tiles of 256 tokens."""

_BYTES_A_TOKEN = 4
_FIRST_GUESS = 1_000.0
_SAMPLES = 32
_PROMPT = frozenset({"input", "messages", "instructions", "prompt", "tools", "response_format", "text"})
_CAPS = ("max_output_tokens", "max_completion_tokens", "max_tokens")
_IMAGE_TYPES = ("image_url", "input_image", "image")
_MOST_PARTS = 100_000
_LISTS = (list, tuple)
_NUMBERS = (int, float)


class Usual:
    """What calls of one model take, as rolling averages that forget.

    >>> usual = Usual()
    >>> usual.output, usual.total
    (1000.0, 1000.0)
    >>> usual.add(output=300, total=500)
    >>> usual.output, usual.total
    (300.0, 500.0)
    """

    __slots__ = ("_count", "output", "total")

    def __init__(self) -> None:
        self.output = _FIRST_GUESS
        """Tokens of an answer, its reasoning included."""
        self.total = _FIRST_GUESS
        """Tokens of a call, prompt and answer."""
        self._count = 0

    def add(self, output: float, total: float) -> None:
        """One more answer."""
        self._count = count = min(self._count + 1, _SAMPLES)
        self.output += (output - self.output) / count
        self.total += (total - self.total) / count


def tokens_of(body: Mapping[str, object] | bytes | None, usual_output: float) -> float:
    """The tokens that a call with this body is expected to take, prompt and answer.

    The answer counts with the most that the body allows, or else with what is usual.

    >>> tokens_of({"input": "x" * 400, "max_output_tokens": 50}, usual_output=1000.0)
    150.0
    """
    if body is None or isinstance(body, bytes):
        return len(body or b"") / _BYTES_A_TOKEN + usual_output
    answer = usual_output
    for name in _CAPS:
        most = body.get(name)
        if most is not None and isinstance(most, _NUMBERS) and most > 0:
            answer = float(most)
            break
    count = body.get("n")
    if isinstance(count, int) and count > 1:
        answer *= count
    return prompt_tokens(body) + answer


def prompt_tokens(body: Mapping[str, object]) -> float:
    """About how many tokens the prompt of a body has: its text, its images, its tools."""
    tokens = 0.0
    parts = list(map(body.__getitem__, _PROMPT & body.keys()))
    for _ in range(_MOST_PARTS):
        if not parts:
            break
        part = parts.pop()
        if isinstance(part, str):
            tokens += (len(part) if part.isascii() else len(part.encode("utf-8", "surrogatepass"))) / _BYTES_A_TOKEN
        elif isinstance(part, _LISTS):
            parts += part
        elif isinstance(part, dict):
            if part.get("type") in _IMAGE_TYPES:
                tokens += IMAGE_TOKENS
            else:
                tokens += len(part)
                parts += part.values()
        elif part is None or isinstance(part, _NUMBERS):
            tokens += 1.0
        else:
            tokens += _weigh(part)
    return tokens


def _weigh(value: object) -> float:
    """The tokens of what is not written as the literals of JSON are."""
    try:
        return len(msgspec.json.encode(value)) / _BYTES_A_TOKEN
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return 1.0
