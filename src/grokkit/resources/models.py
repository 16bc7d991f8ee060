"""The live model listings. What is known without asking is in `grokkit.models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, Unpack
from urllib.parse import quote

from grokkit.errors import InvalidRequest
from grokkit.resources.options import only
from grokkit.wire.listings import (
    ImageModel,
    ImageModelList,
    LanguageModel,
    LanguageModelList,
    ModelCard,
    ModelList,
    VideoModel,
    VideoModelList,
)
from grokkit.wire.reading import Reader

if TYPE_CHECKING:
    import builtins

    from grokkit.resources.channel import Channel
    from grokkit.resources.options import CallOptions

T = TypeVar("T")

_LANGUAGE = "/language-models"
_IMAGE = "/image-generation-models"
_VIDEO = "/video-generation-models"


class AsyncModels:
    """`grok.models`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def list(self, **options: Unpack[CallOptions]) -> builtins.list[ModelCard]:
        """All models this key may use."""
        return (await self._fetch("/models", ModelList, only("models.list", options))).data

    async def get(self, model: str, **options: Unpack[CallOptions]) -> ModelCard:
        """One of them. Raises `ModelNotFound` for a name the server does not know."""
        return await self._fetch(_at("/models", model), ModelCard, only("models.get", options))

    async def list_language(self, **options: Unpack[CallOptions]) -> builtins.list[LanguageModel]:
        """The text models, with modalities and prices."""
        return (await self._fetch(_LANGUAGE, LanguageModelList, only("models.list_language", options))).models

    async def get_language(self, model: str, **options: Unpack[CallOptions]) -> LanguageModel:
        """One of them."""
        return await self._fetch(_at(_LANGUAGE, model), LanguageModel, only("models.get_language", options))

    async def list_image(self, **options: Unpack[CallOptions]) -> builtins.list[ImageModel]:
        """The image models."""
        return (await self._fetch(_IMAGE, ImageModelList, only("models.list_image", options))).models

    async def get_image(self, model: str, **options: Unpack[CallOptions]) -> ImageModel:
        """One of them."""
        return await self._fetch(_at(_IMAGE, model), ImageModel, only("models.get_image", options))

    async def list_video(self, **options: Unpack[CallOptions]) -> builtins.list[VideoModel]:
        """The video models."""
        return (await self._fetch(_VIDEO, VideoModelList, only("models.list_video", options))).models

    async def get_video(self, model: str, **options: Unpack[CallOptions]) -> VideoModel:
        """One of them."""
        return await self._fetch(_at(_VIDEO, model), VideoModel, only("models.get_video", options))

    async def _fetch(self, path: str, kind: type[T], options: CallOptions) -> T:
        call = self._channel.call("models", "GET", path, options=options)
        return await self._channel.fetch(call, Reader(kind).read)


def _at(path: str, model: str) -> str:
    if not model:
        raise InvalidRequest("the model's name is empty", param="model", hint="pass a name such as grok-4.7")
    return f"{path}/{quote(model, safe='')}"
