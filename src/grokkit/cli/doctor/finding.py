"""One thing that was looked at."""

from typing import Literal

import msgspec

Verdict = Literal["ok", "warn", "fail", "skip"]


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, whether it is well, and what to do if it is not."""

    subject: str
    verdict: Verdict
    words: str
    remedy: str | None = None
