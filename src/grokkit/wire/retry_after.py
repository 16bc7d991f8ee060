"""How long a reply asks us to wait, in seconds."""

import math
import re
import time
from collections.abc import Mapping

_IN_TEXT = re.compile(
    r"(?:try again|retry|wait)(?: \w+)? (?:in|after|for)? ?((?:\d+(?:\.\d+)? ?[a-z]+ ?){1,3})", re.IGNORECASE
)
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]+)", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_WORDS = {"millisecond": "ms", "second": "s", "sec": "s", "minute": "m", "min": "m", "hour": "h"}


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """The seconds the server asks to wait before the next try, or None when it asks for nothing.

    Reads `retry-after-ms`, then `retry-after` as seconds or as an HTTP date. A date counts from `now`
    (seconds since 1970), else from the reply's own `date`, else from this machine's clock; the past is 0.0.

    >>> retry_after({"Retry-After": "7"})
    7.0
    >>> retry_after({"retry-after-ms": "250", "retry-after": "1"})
    0.25
    """
    known = {name.lower(): value.strip() for name, value in headers.items()}
    if (milliseconds := _seconds(known.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    asked = known.get("retry-after", "")
    if (seconds := _seconds(asked)) is not None:
        return seconds
    if (until := _date(asked)) is None:
        return None
    reference = now if now is not None else _date(known.get("date", ""))
    return max(0.0, until - (time.time() if reference is None else reference))


def retry_after_text(text: str) -> float | None:
    """The seconds an error text asks to wait: `Please try again in 1m30.5s` is 90.5.

    >>> retry_after_text("Rate limit reached. Please try again in 250ms.")
    0.25
    """
    found = _IN_TEXT.search(text)
    if not found:
        return None
    amounts = [_UNITS.get(_unit(unit), math.nan) * float(number) for number, unit in _AMOUNT.findall(found[1])]
    total = sum(amount for amount in amounts if not math.isnan(amount))
    return total or None


def _unit(word: str) -> str:
    word = word.lower()
    return word if word in _UNITS else _WORDS.get(word.removesuffix("s"), word)


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _date(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
