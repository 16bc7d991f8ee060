"""The schemas of a document in the words of JSON Schema: references to `$defs`, no words that say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.tools.refusals import ToolUnfit

if TYPE_CHECKING:
    from grokkit.tools.openapi.document import Document, Json

_PREFIX = "#/components/schemas/"
_SILENT = frozenset({"xml", "externalDocs", "discriminator", "example", "deprecated", "writeOnly", "readOnly"})
_NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs")
_LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else")


class Schemas:
    """Schemas of a document as one tool has them; `defs` gathers what they refer to."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.defs: Json = {}

    def taken(self, schema: object) -> Any:
        """A schema for a value that is sent: properties that only answers have are left out."""
        if not isinstance(schema, dict):
            return schema
        made = {name: value for name, value in schema.items() if not _says_nothing(name)}
        if "$ref" in made:
            made["$ref"] = self._referred(str(made["$ref"]))
        self._without_answers(made)
        for name in _NAMED:
            if isinstance(made.get(name), dict):
                made[name] = {key: self.taken(part) for key, part in made[name].items()}
        for name in _LISTED:
            if isinstance(made.get(name), list):
                made[name] = [self.taken(part) for part in made[name]]
        return made | {name: self.taken(made[name]) for name in _SINGLE if name in made}

    def _referred(self, target: str) -> str:
        name = target.removeprefix(_PREFIX)
        if name == target or "/" in name:
            raise ToolUnfit(f"the reference {target} is none to a schema of the document ({_PREFIX}...)")
        if name not in self.defs:
            self.defs[name] = {}
            self.defs[name] = self.taken(self._document.resolved({"$ref": target}))
        return f"#/$defs/{name}"

    def _without_answers(self, schema: Json) -> None:
        properties = schema.get("properties")
        if not isinstance(properties, dict):
            return
        kept = {name: part for name, part in properties.items() if not self._is_for_answers(part)}
        schema["properties"] = kept
        if isinstance(schema.get("required"), list):
            schema["required"] = [name for name in schema["required"] if name in kept or name not in properties]

    def _is_for_answers(self, part: object) -> bool:
        return isinstance(part, dict) and part.get("readOnly") is True


def _says_nothing(name: str) -> bool:
    return name in _SILENT or name.startswith("x-")
