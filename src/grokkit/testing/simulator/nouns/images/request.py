"""Requests for images as the server reads them, and its rules."""

import re
from typing import Annotated, Literal

import msgspec

from grokkit.models import Model, lookup
from grokkit.testing.simulator.nouns.media.inputs import MediaInput
from grokkit.testing.simulator.nouns.media.storage import StorageOptions, check_storage
from grokkit.testing.simulator.nouns.model_facts import max_prompt_length
from grokkit.testing.simulator.refusal import invalid

_MOST_INPUTS = 5
_NAMED_INPUT = re.compile(r"<IMAGE_(\d+)>")
_HEIRS_AT_LOW = {"grok-imagine-image-quality", "grok-imagine-image-pro"}

Ratio = Literal[
    "1:1",
    "3:4",
    "4:3",
    "9:16",
    "16:9",
    "2:3",
    "3:2",
    "9:19.5",
    "19.5:9",
    "9:20",
    "20:9",
    "1:2",
    "2:1",
    "21:9",
    "5:2",
    "auto",
]


class ImageOutput(msgspec.Struct, kw_only=True):
    """Where the images are to be put."""

    upload_urls: list[str]


class GenerateRequest(msgspec.Struct, kw_only=True):
    """The body of `POST /v1/images/generations`."""

    prompt: str
    model: str | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=10)] | None = None
    aspect_ratio: Ratio | None = None
    resolution: Literal["1k", "1.5k", "2k"] | None = None
    quality: Literal["low", "medium", "auto"] | None = None
    response_format: Literal["url", "b64_json"] | None = None
    storage_options: StorageOptions | None = None
    output: ImageOutput | None = None
    deferred: bool | None = None
    user: str | None = None
    service_tier: str | None = None

    @property
    def count(self) -> int:
        """How many images."""
        return self.n or 1


class EditRequest(GenerateRequest, kw_only=True):
    """The body of `POST /v1/images/edits`."""

    image: MediaInput | None = None
    images: list[MediaInput] = []

    @property
    def inputs(self) -> list[MediaInput]:
        """The images to edit."""
        return [self.image] if self.image is not None else self.images


def check(request: GenerateRequest, model: Model, *, zero_data_retention: bool) -> None:
    """Raise the 400 for a request that will not be served."""
    _check_prompt(request.prompt, model)
    for name in sorted(model.rejects & {"quality", "service_tier"}):
        if getattr(request, name) is not None:
            raise invalid(f"Argument not supported on this model: {name}")
    check_storage(request.storage_options)
    _check_output(request, zero_data_retention=zero_data_retention)


def check_inputs(request: EditRequest) -> None:
    """Raise the 400 for images to edit that are missing, too many, or named without being there."""
    if request.image is not None and request.images:
        raise invalid("Only one of image and images may be set.")
    if not request.inputs:
        raise invalid("At least one image is required: set image or images.")
    if len(request.inputs) > _MOST_INPUTS:
        raise invalid(f"Too many images: {len(request.inputs)}. At most {_MOST_INPUTS} are supported.")
    for number in _NAMED_INPUT.findall(request.prompt):
        if int(number) >= len(request.inputs):
            raise invalid(f"The prompt names <IMAGE_{number}>, but there are {len(request.inputs)} images.")


def quality(request: GenerateRequest) -> str:
    """The quality that is billed: `auto` is medium; names of retired models mean low."""
    asked = lookup(request.model or "")
    if request.quality is None and asked is not None and asked.id in _HEIRS_AT_LOW:
        return "low"
    return "low" if request.quality == "low" else "medium"


def _check_prompt(prompt: str, model: Model) -> None:
    most = max_prompt_length(model)
    if not prompt.strip():
        raise invalid("The prompt must not be empty.")
    if len(prompt) > most:
        raise invalid(f"Prompt length is larger than the maximum allowed length which is {most}.")


def _check_output(request: GenerateRequest, *, zero_data_retention: bool) -> None:
    by_url = request.response_format != "b64_json"
    if request.deferred and not by_url:
        raise invalid('Deferred requests only support response_format "url".')
    if request.output is not None and not by_url:
        raise invalid('output.upload_urls requires response_format "url".')
    if request.output is not None and len(request.output.upload_urls) != request.count:
        raise invalid(f"output.upload_urls must have {request.count} URLs, one for each image.")
    if request.deferred and zero_data_retention and request.output is None:
        raise invalid("Zero Data Retention teams must provide output.upload_urls for deferred image generation.")
