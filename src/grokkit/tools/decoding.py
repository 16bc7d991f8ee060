"""From JSON to Python values, with refusals that say everything that is wrong at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from grokkit.tools.refusals import ArgumentsRefused, ToolUnfit, ValueRefused
from grokkit.tools.shapes.compiler import Compiler
from grokkit.tools.shapes.shape import Fault, Misfit

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_HALF_A_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
"""A character above U+FFFF is written as two escapes; the first alone means nothing."""
_decode = msgspec.json.Decoder().decode


def decoder_of(type_: type[T]) -> Callable[[bytes | str | object], T]:
    """A decoder for any supported type: bytes and text are JSON, anything else is a JSON value decoded already.

    Build it once and use it often. Nothing is bent to fit: `"3"` is no `int`, `1` is no `bool`; only `3.0` is an
    `int` and `3` a `float`, as JSON has one kind of number. The decoder raises `ValueRefused`; for types that have
    no JSON form `decoder_of` itself raises `ToolUnfit`.

    >>> decoder_of(dict[str, tuple[int, float]])('{"oslo": [3, 4]}')
    {'oslo': (3, 4.0)}
    >>> decoder_of(list[int])(b'[1, "two"]')
    Traceback (most recent call last):
        ...
    grokkit.tools.refusals.ValueRefused: the value cannot be used:
    - [1]: expected an integer, got the string "two"
    try: send the value again with what the message names put right
    """
    try:
        read = Compiler().shape(type_).read
    except TypeError as error:
        raise ToolUnfit(f"no decoder for {getattr(type_, '__name__', type_)}: {error}") from error

    def decode(value: bytes | str | object) -> T:
        try:
            decoded: T = read(parsed(value) if isinstance(value, bytes | bytearray | str) else value)
        except Misfit as misfit:
            raise ValueRefused.of("the value", misfit.faults) from None
        except RecursionError:
            raise ValueRefused.of("the value", (Fault("it is nested too deeply"),)) from None
        return decoded

    return decode


def arguments_decoder(name: str, read: Callable[[Any], dict[str, Any]]) -> Callable[[str], dict[str, Any]]:
    """A decoder for the arguments of the tool of this name; no text at all and `null` mean no arguments."""
    what = f"the arguments of {name}"

    def decode(arguments: str) -> dict[str, Any]:
        try:
            value = parsed(arguments) if arguments.strip() else {}
            return read({} if value is None else value)
        except Misfit as misfit:
            faults = misfit.faults
        except RecursionError:
            faults = (Fault("they are nested too deeply"),)
        raise ArgumentsRefused.of(what, faults)

    return decode


def parsed(text: str | bytes | bytearray) -> Any:
    """The JSON value, or a misfit that says what is wrong with the text."""
    try:
        return _decode(text)
    except ValueError as error:
        problem = str(error)
    if not text.strip():
        raise Misfit(Fault("it is empty"))
    if "truncated" not in problem:
        raise Misfit(Fault(f"this is not JSON: {problem}"))
    half = _HALF_A_PAIR.search(text if isinstance(text, str) else text.decode(errors="replace"))
    cut = "the JSON is cut off before its end"
    raise Misfit(Fault(f"{half[0]} is half a character: write the character itself" if half else cut))
