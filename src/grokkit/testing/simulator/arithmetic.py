"""Sums in plain words: `What is 17*23?`, `12 plus 5`, `the sum of 3 and 4`, `square root of 81`."""

from __future__ import annotations

import ast
import math
import operator
import re
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Number = Fraction

_MOST_DIGITS = 60
_MOST_BITS = 4096
_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_WORDS = (
    (re.compile(r"\b(?:multiplied by|times)\b|(?<=[\d)]) ?[x\u00d7\u00b7] ?(?=[\d(])", re.IGNORECASE), "*"),
    (re.compile(r"\bdivided by\b|\bover\b|[\u00f7:](?= ?\d)", re.IGNORECASE), "/"),
    (re.compile(r"\bplus\b", re.IGNORECASE), "+"),
    (re.compile(r"\bminus\b|\u2212", re.IGNORECASE), "-"),
    (re.compile(r"\b(?:to the power of|\^)", re.IGNORECASE), "**"),
    (re.compile(r"\bmod(?:ulo)?\b", re.IGNORECASE), "%"),
    (re.compile(r"\bsquared\b|\u00b2", re.IGNORECASE), "** 2"),
    (re.compile(r"\bcubed\b|\u00b3", re.IGNORECASE), "** 3"),
    (re.compile(r"\^"), "**"),
)
_PHRASES = (
    (re.compile(rf"\bsum of ({_NUMBER}) and ({_NUMBER})", re.IGNORECASE), r"\1 + \2"),
    (re.compile(rf"\badd ({_NUMBER}) (?:and|to) ({_NUMBER})", re.IGNORECASE), r"\1 + \2"),
    (re.compile(rf"\bsubtract ({_NUMBER}) from ({_NUMBER})", re.IGNORECASE), r"\2 - \1"),
    (re.compile(rf"\bdifference (?:of|between) ({_NUMBER}) and ({_NUMBER})", re.IGNORECASE), r"\1 - \2"),
    (re.compile(rf"\b(?:product of|multiply) ({_NUMBER}) (?:and|by|with) ({_NUMBER})", re.IGNORECASE), r"\1 * \2"),
    (re.compile(rf"\b(?:quotient of|divide) ({_NUMBER}) (?:and|by) ({_NUMBER})", re.IGNORECASE), r"\1 / \2"),
    (re.compile(rf"({_NUMBER}) ?(?:%|percent) of ({_NUMBER})", re.IGNORECASE), r"\1 / 100 * \2"),
)
_ROOT = re.compile(rf"\bsquare root of ({_NUMBER})|\bsqrt ?\(? ?({_NUMBER})", re.IGNORECASE)
_SUM = re.compile(r"\({0,9}\s?-?\s?\({0,9}\d[\d.,\s+\-*/%()]*[\d)]")
_ASKED = re.compile(
    r"\b(?:what|how much|calculate|compute|solve|evaluate|result|is)\b|=|^[\s\d.+*/()-]*\??$", re.IGNORECASE
)
_TIGHT_MINUS = re.compile(r"(?<=\d)-(?=\d)")
_NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_IN_WORDS = re.compile(rf"\b(?:{'|'.join(_NUMBER_WORDS)})\b", re.IGNORECASE)
_OPERATORS: dict[type[ast.operator], Callable[[Number, Number], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: lambda one, other: Fraction(one // other),
    ast.Mod: operator.mod,
}


def solve(text: str) -> str | None:
    """The sum in a text and its result, or `None` when there is none.

    >>> solve("What is 17*23?"), solve("how much is 12 plus 5"), solve("the square root of 81")
    ('17 * 23 = 391', '12 + 5 = 17', 'sqrt(81) = 9')
    >>> solve("Call 555-1234 on 2026-01-02") is None
    True
    """
    text = _IN_WORDS.sub(lambda found: str(_NUMBER_WORDS.index(found[0].lower())), text)
    if root := _ROOT.search(text):
        number = (root[1] or root[2]).replace(",", "")
        return f"sqrt({number}) = {_float(math.sqrt(float(number)))}"
    for phrase, sum_ in _PHRASES:
        text = phrase.sub(sum_, text)
    for word, sign in _WORDS:
        text = word.sub(f" {sign} ", text)
    if not _ASKED.search(text):
        text = _TIGHT_MINUS.sub(" to ", text)
    for found in sorted(_SUM.findall(text), key=len, reverse=True):
        if solved := _solved(found.replace(",", "").strip()):
            return solved
    return None


def _solved(written: str) -> str | None:
    if len(written) > _MOST_DIGITS:
        return None
    try:
        tree = ast.parse(written, mode="eval").body
        if not isinstance(tree, ast.BinOp):
            return None
        return f"{ast.unparse(tree)} = {_shown(_value(tree))}"
    except ZeroDivisionError:
        return f"{written} is not defined: it divides by zero."
    except (SyntaxError, ValueError, OverflowError):
        return None


def _value(node: ast.expr) -> Number:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Fraction(str(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Pow):
            return _power(left, right)
        if type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](left, right)
    raise ValueError("no sum")


def _power(base: Number, exponent: Number) -> Number:
    size = max(base.numerator.bit_length(), base.denominator.bit_length())
    if exponent.denominator != 1 or size * abs(exponent) > _MOST_BITS:
        raise ValueError("too large")
    return Fraction(base ** int(exponent))


def _shown(number: Number) -> str:
    return str(number.numerator) if number.denominator == 1 else _float(float(number))


def _float(number: float) -> str:
    return f"{number:.10g}"
