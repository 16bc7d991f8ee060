"""The bodies that collections are asked with."""

from typing import Any

import msgspec


class IndexConfiguration(msgspec.Struct, kw_only=True):
    """How chunks become vectors."""

    model_name: str


class FieldDefinition(msgspec.Struct, kw_only=True):
    """A field that documents may, or have to, carry."""

    key: str
    required: bool = False
    inject_into_chunk: bool = False
    unique: bool = False
    description: str = ""


class CreateCollection(msgspec.Struct, kw_only=True):
    """The body of a creation."""

    collection_name: str
    team_id: str | None = None
    collection_description: str = ""
    index_configuration: IndexConfiguration | None = None
    chunk_configuration: dict[str, Any] | None = None
    field_definitions: list[FieldDefinition] = []


class UpdateCollection(msgspec.Struct, kw_only=True):
    """The body of a change; what is left out stays."""

    team_id: str | None = None
    collection_name: str | None = None
    collection_description: str | None = None
    chunk_configuration: dict[str, Any] | None = None


class AttachDocument(msgspec.Struct, kw_only=True):
    """The body that comes with a file, or with its next indexing."""

    team_id: str | None = None
    fields: dict[str, str] | None = None
