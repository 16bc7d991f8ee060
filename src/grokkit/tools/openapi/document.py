"""An OpenAPI document: read, checked, its references followed, its address found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import msgspec

from grokkit.errors import ExtraMissing
from grokkit.tools.refusals import ToolUnfit

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERBS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
_MOST_STEPS = 20
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

    def operations(self) -> list[Operation]:
        """All operations, in the order of the document."""
        paths: Json = self.content.get("paths") or {}
        found = []
        for path, item in paths.items():
            whole = self.resolved(item)
            shared = whole.get("parameters") or []
            found += [self._operation(verb, path, whole[verb], shared) for verb in _VERBS if verb in whole]
        return found

    def _operation(self, verb: str, path: str, said: Json, shared: list[Json]) -> Operation:
        """An operation's own parameters stand in for those of its path."""
        own = [self.resolved(each) for each in said.get("parameters") or []]
        known = {(each.get("name"), each.get("in")) for each in own}
        rest = (self.resolved(each) for each in shared)
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
        servers = self.content.get("servers") or [{}]
        url = base_url or _filled(servers[0])
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            said = f"its server is {url!r}" if url else "it names no server"
            raise ToolUnfit(f"the document does not say where the API is: {said}", hint='give base_url="https://..."')
        return url.rstrip("/")


def read_document(source: Mapping[str, Any] | str | Path) -> Document:
    """The document that a mapping, a path, or a text of JSON or YAML has; raises `ToolUnfit` for what is none."""
    if not isinstance(source, str | Path):
        return Document(source)
    text = source if isinstance(source, str) and _is_text(source) else Path(source).read_text(encoding="utf-8")
    content = _parsed(text)
    if not isinstance(content, dict):
        raise ToolUnfit("this is no OpenAPI document: an object was expected at its top")
    return Document(content)


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
    variables: Json = server.get("variables") or {}
    url = str(server.get("url") or "")
    for name, variable in variables.items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    return url


def _made_name(method: str, path: str) -> str:
    words = re.sub(r"\{([^}]*)\}", r"by_\1", path)
    return "_".join([method.lower(), *re.findall(r"[A-Za-z0-9_]+", words)])
