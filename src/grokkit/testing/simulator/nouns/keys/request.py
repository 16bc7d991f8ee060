"""The bodies that keys are asked with. Names come in either spelling; the gateway reads int64 as number or string."""

from typing import Annotated

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]


class KeyLimits(msgspec.Struct, kw_only=True):
    """What a key is held to."""

    qps: Positive | None = None
    qpm: Positive | None = None
    tpm: Positive | str | None = None
    expire_time: str | None = None
    disabled: bool | None = None
    api_key_disabled: bool | None = None


class CreateKey(KeyLimits, kw_only=True):
    """The body of a creation."""

    name: str
    acls: list[str]


class KeyFields(KeyLimits, kw_only=True):
    """What can be changed of a key."""

    name: str | None = None
    acls: list[str] | None = None


class UpdateKey(msgspec.Struct, kw_only=True):
    """The body of a change: only what `field_mask` names is changed, all that is given without one."""

    api_key: KeyFields
    field_mask: str = ""


class RotateKey(msgspec.Struct, kw_only=True):
    """How long the old secret still works: seconds, or a duration such as `3600s`."""

    grace_period: str | float | None = None
