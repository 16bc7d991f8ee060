"""An OpenAPI document: read, checked, its references followed, its address found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import msgspec

from grokkit.errors import ExtraMissing
from grokkit.tools.refusals import ToolUnfit

if TYPE_CHECKING:
    from collections.abc import Callable

_VERBS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
_MOST_STEPS = 20
_LONGEST = 200
_GIVE = "give a mapping, the path of a file, or the text of the document"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, with the parameters of its path."""

    method: str
    path: str
    said: Json
    parameters: tuple[Json, ...]

    @property
    def place(self) -> str:
        """What it is called in messages."""
        return f"{self.method} {self.path}"

    @property
    def name(self) -> str:
        """Its `operationId`, or one made of method and path."""
        given = self.said.get("operationId")
        return given if isinstance(given, str) and given else _made_name(self.method, self.path)

    @property
    def tags(self) -> tuple[str, ...]:
        """What the document files it under."""
        given = self.said.get("tags")
        return tuple(map(str, given)) if isinstance(given, list) else ()

    def unnamed(self) -> Operation:
        """The same without its `operationId`."""
        said = {name: value for name, value in self.said.items() if name != "operationId"}
        return replace(self, said=said)


class Document:
    """A document of OpenAPI 3.0 or 3.1."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = dict(content)
        version = str(self.content.get("openapi") or self.content.get("swagger") or "")
        if not version.startswith("3."):
            found = f"of version {version}" if version else "without a version"
            raise ToolUnfit(
                f"this is a document {found}; documents of OpenAPI 3.0 and 3.1 are read",
                hint="convert it first; many tools turn Swagger 2.0 into OpenAPI 3",
            )

    @property
    def title(self) -> str:
        """What the API is called."""
        info = self.content.get("info")
        return str(info.get("title") or "API") if isinstance(info, dict) else "API"

    def operations(self, leave_out: Callable[[str, ToolUnfit], None]) -> list[Operation]:
        """All operations, in the order of the document; `leave_out` is told of those that are written wrongly.

        Of two with one `operationId` the second is called by its method and path.
        """
        found: dict[str, Operation] = {}
        for path, item in objects(self.content.get("paths"), "paths").items():
            try:
                whole = self.resolved(item)
            except ToolUnfit as error:
                leave_out(str(path), error)
                continue
            for verb in (verb for verb in _VERBS if verb in whole):
                try:
                    operation = self._operation(verb, str(path), whole)
                except ToolUnfit as error:
                    leave_out(f"{verb.upper()} {path}", error)
                    continue
                operation = operation.unnamed() if operation.name in found else operation
                found[operation.name] = operation
        return list(found.values())

    def _operation(self, verb: str, path: str, whole: Json) -> Operation:
        """An operation's own parameters stand in for those of its path."""
        said = objects(whole[verb], verb)
        own = [self.resolved(each) for each in _array(said.get("parameters"), "parameters")]
        known = {(each.get("name"), each.get("in")) for each in own}
        rest = (self.resolved(each) for each in _array(whole.get("parameters"), "parameters"))
        others = [each for each in rest if (each.get("name"), each.get("in")) not in known]
        return Operation(verb.upper(), path, said, (*others, *own))

    def resolved(self, value: object) -> Json:
        """The object, or the one that its `$ref` leads to; raises `ToolUnfit` for what leads nowhere or elsewhere."""
        for _ in range(_MOST_STEPS):
            if not isinstance(value, dict):
                raise ToolUnfit(f"an object was expected in the document, got {value!r}")
            if "$ref" not in value:
                return cast("Json", value)
            value = self._at(str(value["$ref"]))
        raise ToolUnfit(f"the references of {value!r} lead in a circle")

    def _at(self, reference: str) -> object:
        if not reference.startswith("#/"):
            raise ToolUnfit(
                f"the reference {reference} leads out of the document",
                hint="put the parts of the document into one file first",
            )
        found: object = self.content
        for step in reference.removeprefix("#/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or name not in found:
                raise ToolUnfit(f"the reference {reference} leads nowhere in the document")
            found = found[name]
        return found

    def address(self, base_url: str | None) -> str:
        """Where the API is: the address given, or the first server of the document; without a slash at its end."""
        servers = _array(self.content.get("servers"), "servers") or [{}]
        url = base_url or _filled(objects(servers[0], "a server"))
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            said = f"its server is {url!r}" if url else "it names no server"
            raise ToolUnfit(f"the document does not say where the API is: {said}", hint='give base_url="https://..."')
        return url.rstrip("/")


def read_document(source: Mapping[str, Any] | str | Path) -> Document:
    """The document that a mapping, a path, or a text of JSON or YAML has; raises `ToolUnfit` for what is none."""
    if isinstance(source, Mapping):
        return Document(source)
    if not isinstance(source, str | Path):
        raise ToolUnfit(f"this is no OpenAPI document: a {type(source).__name__}", hint=_GIVE)
    content = _parsed(source if isinstance(source, str) and _is_text(source) else _text_of(source))
    if not isinstance(content, dict):
        raise ToolUnfit("this is no OpenAPI document: an object was expected at its top")
    return Document(content)


def _text_of(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ToolUnfit(f"the OpenAPI document {str(path)[:_LONGEST]!r} cannot be read: {why}", hint=_GIVE) from error


def objects(value: object, what: str) -> Json:
    """A part of the document that is an object, or left out; raises `ToolUnfit` for anything else."""
    if value is None or isinstance(value, dict):
        return value or {}
    raise ToolUnfit(f"{what} should be an object in the document, and is {value!r}"[:_LONGEST])


def _array(value: object, what: str) -> list[Any]:
    if value is None or isinstance(value, list):
        return value or []
    raise ToolUnfit(f"{what} should be an array in the document, and is {value!r}"[:_LONGEST])


def _is_text(source: str) -> bool:
    return "\n" in source or source.lstrip().startswith("{")


def _parsed(text: str) -> object:
    if text.lstrip().startswith("{"):
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise ToolUnfit(f"this OpenAPI document is not JSON: {error}") from error
    try:
        import yaml
    except ImportError as error:
        raise ExtraMissing("OpenAPI documents in YAML need pyyaml, which is not installed", extra="yaml") from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ToolUnfit(f"this OpenAPI document is neither JSON nor YAML: {error}") from error


def _filled(server: Json) -> str:
    """The address of a server with the defaults of its variables."""
    variables = objects(server.get("variables"), "variables")
    url = str(server.get("url") or "")
    for name, variable in variables.items():
        url = url.replace(f"{{{name}}}", str(objects(variable, name).get("default", "")))
    return url


def _made_name(method: str, path: str) -> str:
    words = re.sub(r"\{([^}]*)\}", r"by_\1", path)
    return "_".join([method.lower(), *re.findall(r"[A-Za-z0-9_]+", words)])
