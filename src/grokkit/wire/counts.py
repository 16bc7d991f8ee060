"""The counts in a `usage` object of either dialect, read in one step: what is missing or makes no sense counts as 0."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

_Count = Annotated[int, msgspec.Meta(ge=0)] | None
_NESTED = "_details"


class Details(msgspec.Struct, frozen=True, gc=False):
    """What a total consists of."""

    input_tokens: _Count = None
    cached_tokens: _Count = None
    image_tokens: _Count = None
    reasoning_tokens: _Count = None


_NONE = Details()


class Counts(msgspec.Struct, frozen=True):
    """A `usage` object as the API names it; `None` where it says nothing.

    >>> Counts.of({"prompt_tokens": 12.0, "completion_tokens": "many", "total_tokens": True}).prompt_tokens
    12
    """

    prompt_tokens: _Count = None
    completion_tokens: _Count = None
    input_tokens: _Count = None
    output_tokens: _Count = None
    total_tokens: _Count = None
    prompt_tokens_details: Details | None = _NONE
    completion_tokens_details: Details | None = _NONE
    input_tokens_details: Details | None = _NONE
    output_tokens_details: Details | None = _NONE
    context_details: Details | None = _NONE
    cost_in_usd_ticks: _Count = None
    cost_in_nano_usd: _Count = None
    server_side_tool_usage_details: dict[str, _Count] | None = None

    @classmethod
    def of(cls, raw: object) -> "Counts":
        """The counts in a decoded JSON value, whatever it is."""
        try:
            return msgspec.convert(raw, cls)
        except msgspec.ValidationError:
            return msgspec.convert(_sensible(raw), cls)


def amount(value: object) -> int | None:
    """A whole number that is not negative, also one that was written as `3.0`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and value >= 0 else None


def _sensible(raw: object) -> dict[str, object]:
    if not isinstance(raw, Mapping):
        return {}
    return {str(name): _amounts(value) if str(name).endswith(_NESTED) else amount(value) for name, value in raw.items()}


def _amounts(raw: object) -> dict[str, int | None]:
    return {str(name): amount(value) for name, value in raw.items()} if isinstance(raw, Mapping) else {}
