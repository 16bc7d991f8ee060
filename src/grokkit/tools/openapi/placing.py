"""From arguments to the parts of a request: path, query, headers, as the styles of OpenAPI write them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from grokkit.tools.failures import ToolFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DELIMITERS = {"spaceDelimited": "%20", "pipeDelimited": "|"}
_STEPS = {"", ".", ".."}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation: `key` is what the model calls it, `name` what the API does."""

    key: str
    name: str
    where: str
    style: str
    explode: bool
    as_json: bool = False
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the arguments go: the path filled in, the query as it is sent, headers and cookies."""

    path: str
    query: str
    headers: dict[str, str]
    cookies: dict[str, str]


def placed(template: str, parameters: Sequence[Parameter], arguments: Mapping[str, Any]) -> Placed:
    """The parts of a request; raises `ToolFailed`, in words for the model, for values that have no place in it."""
    path, query = template, list[str]()
    headers, cookies = dict[str, str](), dict[str, str]()
    for parameter in parameters:
        value = arguments.get(parameter.key)
        if value is None:
            continue
        match parameter.where:
            case "path":
                path = path.replace(f"{{{parameter.name}}}", _in_path(parameter, value))
            case "query":
                query += _in_query(parameter, value)
            case "header":
                headers[parameter.name] = _line(parameter, value)
            case _:
                cookies[parameter.name] = quote(_line(parameter, value), safe="")
    return Placed(path, "&".join(query), headers, cookies)


def _in_path(parameter: Parameter, value: Any) -> str:
    """Encoded whole: a slash or dots must not lead to another operation."""
    text = ",".join(quote(each, safe="") for each in _flat(parameter, value))
    if text in _STEPS:
        raise ToolFailed(f"{parameter.key} must not be {text!r}: it is a part of the address")
    prefix = {"label": ".", "matrix": f";{quote(parameter.name, safe='')}="}.get(parameter.style, "")
    return prefix + text


def _in_query(parameter: Parameter, value: Any) -> list[str]:
    name = _encoded(parameter, parameter.name)
    if not parameter.as_json and isinstance(value, dict):
        pairs = [(str(key), _text(part)) for key, part in value.items() if part is not None]
        if parameter.style == "deepObject":
            return [
                f"{quote(f'{parameter.name}[{key}]', safe='[]')}={_encoded(parameter, part)}" for key, part in pairs
            ]
        if parameter.explode:
            return [f"{quote(key, safe='')}={_encoded(parameter, part)}" for key, part in pairs]
    values = [_encoded(parameter, each) for each in _flat(parameter, value)]
    if parameter.explode and isinstance(value, list):
        return [f"{name}={each}" for each in values]
    return [f"{name}={_DELIMITERS.get(parameter.style, ',').join(values)}"]


def _line(parameter: Parameter, value: Any) -> str:
    text = ",".join(_flat(parameter, value))
    if not text.isprintable():
        raise ToolFailed(f"{parameter.key} must be one line of printable text: it is sent as a header")
    return text


def _flat(parameter: Parameter, value: Any) -> list[str]:
    """The texts of a value: of a list each, of an object names and values."""
    if parameter.as_json:
        return [msgspec.json.encode(value).decode()]
    if isinstance(value, list):
        return [_text(each) for each in value]
    if isinstance(value, dict):
        pairs = [(str(key), _text(part)) for key, part in value.items()]
        if parameter.explode:
            return [f"{key}={part}" for key, part in pairs]
        return [text for pair in pairs for text in pair]
    return [_text(value)]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return msgspec.json.encode(value).decode()


def _encoded(parameter: Parameter, text: str) -> str:
    return quote(text, safe="/:?@!$'()*,;" if parameter.reserved else "")
