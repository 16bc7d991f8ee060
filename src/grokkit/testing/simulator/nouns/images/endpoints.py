"""`POST /v1/images/generations`, `POST /v1/images/edits`, and the fetching of deferred ones."""

from __future__ import annotations

import base64
import functools
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.images.request import EditRequest, GenerateRequest, check, check_inputs, quality
from grokkit.testing.simulator.nouns.media.assets import Assets, publish
from grokkit.testing.simulator.nouns.media.inputs import read_image
from grokkit.testing.simulator.nouns.media.jobs import Jobs
from grokkit.testing.simulator.nouns.media.jpeg import dimensions, picture, size_of
from grokkit.testing.simulator.nouns.media.moderation import moderation_of
from grokkit.testing.simulator.nouns.media.prices import charge, unit_ticks
from grokkit.testing.simulator.nouns.media.storage import stored
from grokkit.testing.simulator.nouns.model_facts import image_price
from grokkit.testing.simulator.refusal import JSON
from grokkit.testing.simulator.visit import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.models import Model
    from grokkit.testing.simulator.visit import Visit

R = TypeVar("R", bound=GenerateRequest)

table = Table()

_MOST_BODY = 60 * 1024 * 1024
_DEFAULT_MODEL = "grok-imagine-image"
_DEFAULT_RATIO = "1:1"
_JPEG = "image/jpeg"
_REJECTED = "Generated image rejected by content moderation."


class ImageJobs(Jobs):
    """Images that are made later."""


@table.post("/v1/images/generations", head="requests", generates=True, max_body=_MOST_BODY)
async def generate(visit: Visit) -> Outcome:
    """Images from words."""
    request, model = _read(visit, GenerateRequest)
    ratio = request.aspect_ratio or "auto"
    size = dimensions(request.resolution or "1k", _DEFAULT_RATIO if ratio == "auto" else ratio)
    return await _made(visit, request, model, size, inputs=0)


@table.post("/v1/images/edits", head="requests", generates=True, max_body=_MOST_BODY)
async def edit(visit: Visit) -> Outcome:
    """Images from images and words."""
    request, model = _read(visit, EditRequest)
    check_inputs(request)
    found = [read_image(visit, given, f"images[{index}]") for index, given in enumerate(request.inputs)]
    return await _made(visit, request, model, _edited_size(request, found), inputs=len(found))


@table.get("/v1/images/{request_id}", head="requests")
async def fetch(visit: Visit) -> Outcome:
    """What became of deferred images: 202 while they are made."""
    job = visit.simulator.state(ImageJobs).find(visit, "image")
    if visit.now() < job.ready:
        return visit.empty(202)
    return visit.answer({"request_id": job.id, **await job.outcome()}, model=job.model)


def _read(visit: Visit, kind: type[R]) -> tuple[R, Model]:
    request = visit.read(kind)
    model = visit.model(request.model or _DEFAULT_MODEL, "images")
    check(request, model, zero_data_retention=visit.simulator.zero_data_retention)
    moderation_of(visit).check(request.prompt, visit)
    return request, model


def _edited_size(request: EditRequest, found: list[bytes | None]) -> tuple[int, int]:
    """A single image keeps its ratio; of several, the request says it."""
    ratio: str = request.aspect_ratio or "auto"
    if len(found) == 1 or ratio == "auto":
        width, height = size_of(found[0] or b"") or (1, 1)
        ratio = f"{width}:{height}"
    return dimensions(request.resolution or "1k", ratio)


async def _made(visit: Visit, request: GenerateRequest, model: Model, size: tuple[int, int], *, inputs: int) -> Outcome:
    tier = f"{quality(request)} {request.resolution or '1k'}"
    price = unit_ticks(model, "image", tier, request.resolution or "1k") or image_price(model)
    usage = charge(visit, request.count * price + inputs * unit_ticks(model, "input image"))
    blocked = moderation_of(visit).blocks(request.prompt)
    if request.deferred:
        finish = functools.partial(_finished, visit, request, size, usage, blocked=blocked)
        return visit.answer(visit.simulator.state(ImageJobs).start(visit, model.id, finish), model=model.id)
    if blocked:
        return _rejected(visit, usage)
    return visit.answer({"data": await _images(visit, request, size), "usage": usage}, model=model.id)


def _rejected(visit: Visit, usage: dict[str, int]) -> Outcome:
    """400, and the cost of what is not handed out."""
    code = "Client specified an invalid argument" if visit.simulator.speaks_old_codes else "invalid-argument"
    body = msgspec.json.encode({"code": code, "error": _REJECTED, "usage": usage})
    return Outcome(status=400, body=body, media_type=JSON, bill=visit.bill)


async def _finished(
    visit: Visit, request: GenerateRequest, size: tuple[int, int], usage: dict[str, int], *, blocked: bool
) -> dict[str, Any]:
    if blocked:
        return {"status": "failed", "error": {"code": "invalid_argument", "message": _REJECTED}}
    return {"status": "done", "data": await _images(visit, request, size), "usage": usage}


async def _images(visit: Visit, request: GenerateRequest, size: tuple[int, int]) -> list[dict[str, Any]]:
    return [await _image(visit, request, size, index) for index in range(request.count)]


async def _image(visit: Visit, request: GenerateRequest, size: tuple[int, int], index: int) -> dict[str, Any]:
    make = functools.partial(picture, f"{visit.simulator.seed}:{request.prompt}:{index}", *size)
    image = {**_delivery(visit, request, make, index), "mime_type": _JPEG, "revised_prompt": ""}
    if request.storage_options is not None:
        image["file_output"] = await stored(visit, make(), _JPEG, request.storage_options)
    return image


def _delivery(visit: Visit, request: GenerateRequest, make: Callable[[], bytes], index: int) -> dict[str, Any]:
    if request.response_format == "b64_json":
        return {"b64_json": base64.b64encode(make()).decode()}
    if request.output is not None:
        url = request.output.upload_urls[index]
        visit.simulator.state(Assets).uploaded[url] = make()
        return {"url": url}
    return {"url": publish(visit, "imgen", "jpeg", _JPEG, make)}
