"""What the API tells of its models and of the caller: names mirror the API, prices are ticks (10^-10 USD) per unit.

Fields that this version does not know are in `extra`.
"""

from typing import Any

import msgspec

from grokkit.wire.extra import Extended


class ModelCard(Extended, kw_only=True):
    """A model as `GET /v1/models` lists it."""

    id: str = ""
    created: int = 0
    object: str = "model"
    owned_by: str = ""
    aliases: list[str] = msgspec.field(default_factory=list)
    context_length: int | None = None
    capabilities: dict[str, Any] | None = None
    prompt_text_token_price: int | None = None
    cached_prompt_text_token_price: int | None = None
    completion_text_token_price: int | None = None
    prompt_image_token_price: int | None = None
    image_price: int | None = None
    prompt_text_token_price_long_context: int | None = None
    cached_prompt_text_token_price_long_context: int | None = None
    completion_text_token_price_long_context: int | None = None
    long_context_threshold: int | None = None
    pricing: list[dict[str, Any]] | None = None


class LanguageModel(Extended, kw_only=True):
    """A text model as `GET /v1/language-models` lists it; token prices are ticks per token."""

    id: str = ""
    fingerprint: str = ""
    created: int = 0
    object: str = "model"
    owned_by: str = ""
    version: str = ""
    input_modalities: list[str] = msgspec.field(default_factory=list)
    output_modalities: list[str] = msgspec.field(default_factory=list)
    prompt_text_token_price: int = 0
    cached_prompt_text_token_price: int = 0
    prompt_image_token_price: int = 0
    completion_text_token_price: int = 0
    search_price: int = 0
    prompt_text_token_price_long_context: int = 0
    cached_prompt_text_token_price_long_context: int = 0
    completion_text_token_price_long_context: int = 0
    long_context_threshold: int = 0
    aliases: list[str] = msgspec.field(default_factory=list)
    capabilities: dict[str, Any] | None = None


class ImageModel(Extended, kw_only=True):
    """An image model as `GET /v1/image-generation-models` lists it; `image_price` is ticks per image."""

    id: str = ""
    fingerprint: str = ""
    created: int = 0
    object: str = "model"
    owned_by: str = ""
    version: str = ""
    max_prompt_length: int = 0
    image_price: int = 0
    pricing: list[dict[str, Any]] | None = None
    aliases: list[str] = msgspec.field(default_factory=list)
    input_modalities: list[str] = msgspec.field(default_factory=list)
    output_modalities: list[str] = msgspec.field(default_factory=list)


class VideoModel(Extended, kw_only=True):
    """A video model as `GET /v1/video-generation-models` lists it."""

    id: str = ""
    fingerprint: str = ""
    created: int = 0
    object: str = "model"
    owned_by: str = ""
    version: str = ""
    aliases: list[str] = msgspec.field(default_factory=list)
    input_modalities: list[str] = msgspec.field(default_factory=list)
    output_modalities: list[str] = msgspec.field(default_factory=list)


class ModelList(Extended, kw_only=True):
    """The reply of `GET /v1/models`."""

    object: str = "list"
    data: list[ModelCard] = msgspec.field(default_factory=list)


class LanguageModelList(Extended, kw_only=True):
    """The reply of `GET /v1/language-models`."""

    models: list[LanguageModel] = msgspec.field(default_factory=list)


class ImageModelList(Extended, kw_only=True):
    """The reply of `GET /v1/image-generation-models`."""

    models: list[ImageModel] = msgspec.field(default_factory=list)


class VideoModelList(Extended, kw_only=True):
    """The reply of `GET /v1/video-generation-models`."""

    models: list[VideoModel] = msgspec.field(default_factory=list)


class ApiKeyInfo(Extended, kw_only=True):
    """What the server knows of the key in use (`GET /v1/api-key`); the key itself is redacted by the server."""

    redacted_api_key: str = ""
    name: str = ""
    user_id: str = ""
    team_id: str = ""
    api_key_id: str = ""
    acls: list[str] = msgspec.field(default_factory=list)
    create_time: str = ""
    modify_time: str = ""
    modified_by: str = ""
    team_blocked: bool = False
    api_key_blocked: bool = False
    api_key_disabled: bool = False


class Me(Extended, kw_only=True):
    """Whose credential this is (`GET /v1/me`)."""

    user_id: str = ""
    team_id: str = ""
    zdr_status: str = ""
    """`zdr` when the team has zero data retention, else `no_zdr`."""
    team_blocked: bool = False
    api_key: dict[str, Any] | None = None
    oauth: dict[str, Any] | None = None
