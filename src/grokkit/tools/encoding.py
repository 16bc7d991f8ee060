"""From what a tool returns to the text that the model reads."""

from __future__ import annotations

import json
import os
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import msgspec

from grokkit.errors import Misused


def _plain(value: Any) -> Any:
    """What stands for a value that JSON does not know; the methods are those of pydantic, numpy and pandas."""
    for method, options in (("model_dump", {"mode": "json"}), ("tolist", {}), ("to_dict", {})):
        made = getattr(value, method, None)
        if callable(made) and not isinstance(value, type):
            return made(**options)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, IPv4Address | IPv6Address):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode


def encode_result(name: str, result: object) -> str:
    """Text as it is, everything else as JSON; raises `Misused` for what has no JSON form.

    >>> encode_result("weather", "Rain."), encode_result("weather", {"mm": 3.5})
    ('Rain.', '{"mm":3.5}')
    """
    if type(result) is str:
        return result if result.isascii() else result.encode(errors="replace").decode()
    try:
        return _encode(result).decode()
    except UnicodeEncodeError:  # names of files may hold bytes that are no text
        plain = msgspec.to_builtins(result, enc_hook=_plain, str_keys=True)
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode(errors="replace").decode()
    except (TypeError, ValueError, NotImplementedError, RecursionError, OverflowError) as error:
        problem = f"the result of the tool {name}, a {type(result).__name__}, cannot be given to the model: {error}"
        raise Misused(problem, hint="return text, or values of plain types, dataclasses and the like") from error
