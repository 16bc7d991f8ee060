"""`POST /v1/videos/generations`, `edits`, `extensions`, and the fetching of what became of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.media.assets import Assets, publish
from grokkit.testing.simulator.nouns.media.clip import clip
from grokkit.testing.simulator.nouns.media.inputs import read_image, read_video
from grokkit.testing.simulator.nouns.media.jobs import Jobs
from grokkit.testing.simulator.nouns.media.jpeg import picture
from grokkit.testing.simulator.nouns.media.moderation import moderation_of
from grokkit.testing.simulator.nouns.media.prices import charge, unit_ticks
from grokkit.testing.simulator.nouns.media.storage import stored
from grokkit.testing.simulator.nouns.videos.request import (
    EditRequest,
    ExtendRequest,
    GenerateRequest,
    VideoRequest,
    check,
    check_generation,
    check_source,
    resolution_asked,
    seconds_asked,
)

if TYPE_CHECKING:
    from grokkit.models import Model
    from grokkit.testing.simulator.visit import Outcome, Visit

R = TypeVar("R", bound=VideoRequest)

table = Table()

_MOST_BODY = 60 * 1024 * 1024
_DEFAULT_MODEL = "grok-imagine-video"
_UNKNOWN_SECONDS = 8.0
_MP4 = "video/mp4"
_LINES = {"480p": 480, "720p": 720, "1080p": 1080}
_SOURCE_RESOLUTION = "480p"
_SOURCE_RATIO = "16:9"
_MACROBLOCK = 16

FailureCode = Literal[
    "invalid_argument", "permission_denied", "failed_precondition", "service_unavailable", "internal_error"
]


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """A video that is to be made."""

    prompt: str
    resolution: str
    ratio: str
    seconds: float
    billed_seconds: float
    """Of an extension only what is added."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        across, _, down = self.ratio.partition(":")
        lines, stretch = _LINES[self.resolution], int(across) / int(down)
        width, height = (lines * stretch, lines) if stretch >= 1 else (lines, lines / stretch)
        return round(width / _MACROBLOCK) * _MACROBLOCK, round(height / _MACROBLOCK) * _MACROBLOCK


class VideoJobs(Jobs):
    """Videos in the making: `sim.state(VideoJobs)`.

    `pending` says what a pending video is answered with, beside status 202: `progress`, a JSON body with per cents, or
    `empty`, no body. Both were seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pending: Literal["progress", "empty"] = "progress"
        self.failures: list[dict[str, str]] = []

    def fail_next(self, code: FailureCode = "internal_error", message: str = "Video generation failed.") -> None:
        """Let the next video that is asked for fail while it is made."""
        self.failures.append({"code": code, "message": message})


@table.post("/v1/videos/generations", head="requests", generates=True, max_body=_MOST_BODY)
def generate(visit: Visit) -> Outcome:
    """A video from words, images and sounds."""
    request, model = _read(visit, GenerateRequest)
    seconds = seconds_asked(request)
    check_generation(request, model)
    for name, image in request.pictures.items():
        read_image(visit, image, name)
    film = Film(
        prompt=request.prompt or "",
        resolution=resolution_asked(request),
        ratio=request.aspect_ratio or _SOURCE_RATIO,
        seconds=seconds,
        billed_seconds=seconds,
    )
    return _begun(visit, request, model, film)


@table.post("/v1/videos/edits", head="requests", generates=True, max_body=_MOST_BODY)
def edit(visit: Visit) -> Outcome:
    """A video changed by words."""
    request, model = _read(visit, EditRequest)
    seconds = read_video(visit, request.video)
    check_source(request, model, seconds)
    return _begun(visit, request, model, _remade(request, seconds, added=0))


@table.post("/v1/videos/extensions", head="requests", generates=True, max_body=_MOST_BODY)
def extend(visit: Visit) -> Outcome:
    """A video that goes on for some seconds."""
    request, model = _read(visit, ExtendRequest)
    seconds = read_video(visit, request.video)
    check_source(request, model, seconds)
    return _begun(visit, request, model, _remade(request, seconds, added=request.added_seconds))


@table.get("/v1/videos/{request_id}", head="requests")
async def fetch(visit: Visit) -> Outcome:
    """What became of a video: 202 while it is made, 200 when it is done or failed."""
    jobs = visit.simulator.state(VideoJobs)
    job = jobs.find(visit, "video")
    if visit.now() >= job.ready:
        return visit.answer(await job.outcome(), model=job.model)
    if jobs.pending == "empty":
        return visit.empty(202)
    return visit.answer({"status": "pending", "progress": job.progress(visit.now())}, status=202, model=job.model)


def _read(visit: Visit, kind: type[R]) -> tuple[R, Model]:
    request = visit.read(kind)
    model = visit.model(request.model or _DEFAULT_MODEL, "videos")
    check(request, model, zero_data_retention=visit.simulator.zero_data_retention)
    return request, model


def _remade(request: EditRequest, seconds: float | None, *, added: int) -> Film:
    known = _UNKNOWN_SECONDS if seconds is None else seconds
    return Film(
        prompt=request.prompt,
        resolution=_SOURCE_RESOLUTION,
        ratio=_SOURCE_RATIO,
        seconds=known + added,
        billed_seconds=added or known,
    )


def _begun(visit: Visit, request: VideoRequest, model: Model, film: Film) -> Outcome:
    moderation_of(visit).check(film.prompt, visit)
    jobs = visit.simulator.state(VideoJobs)
    if jobs.failures:
        finish = functools.partial(_failed, jobs.failures.pop(0))
        return visit.answer(jobs.start(visit, model.id, finish), model=model.id)
    usage = charge(visit, round(film.billed_seconds * unit_ticks(model, "second", film.resolution)))
    finish = functools.partial(_done, visit, request, model, film, usage)
    return visit.answer(jobs.start(visit, model.id, finish), model=model.id)


async def _failed(error: dict[str, str]) -> dict[str, Any]:
    video = {"url": "", "duration": 0, "respect_moderation": True}
    return {"status": "failed", "video": video, "error": error, "progress": 0}


async def _done(visit: Visit, request: VideoRequest, model: Model, film: Film, usage: dict[str, int]) -> dict[str, Any]:
    if moderation_of(visit).blocks(film.prompt):
        video: dict[str, Any] = {"url": "", "duration": 0, "respect_moderation": False}
    else:
        video = await _delivered(visit, request, film)
    return {"status": "done", "video": video, "model": model.id, "progress": 100, "usage": usage}


async def _delivered(visit: Visit, request: VideoRequest, film: Film) -> dict[str, Any]:
    make = functools.partial(_filmed, f"{visit.simulator.seed}:{film.prompt}", film)
    if request.output is not None:
        url = request.output.upload_url
        visit.simulator.state(Assets).uploaded[url] = make()
    else:
        url = publish(visit, "vidgen", "mp4", _MP4, make)
    video: dict[str, Any] = {"url": url, "duration": round(film.seconds), "respect_moderation": True}
    if request.storage_options is not None:
        video["file_output"] = await stored(visit, make(), _MP4, request.storage_options)
    return video


def _filmed(words: str, film: Film) -> bytes:
    return clip(picture(words, *film.size), *film.size, film.seconds)
