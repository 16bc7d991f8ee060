"""Requests for videos as the server reads them, and its rules."""

from typing import Annotated, Literal

import msgspec

from grokkit.models import Model
from grokkit.testing.simulator.nouns.media.inputs import AudioInput, MediaInput, check_audios
from grokkit.testing.simulator.nouns.media.prices import variants_of
from grokkit.testing.simulator.nouns.media.storage import StorageOptions, check_storage
from grokkit.testing.simulator.refusal import invalid

_DEFAULT_SECONDS, _DEFAULT_ADDED_SECONDS = 8, 6
_MOST_REFERENCE_IMAGES, _MOST_REFERENCE_AUDIOS, _MOST_KEYFRAMES = 7, 3, 4
_MOST_EDITED_SECONDS = 8.7
_EXTENDABLE_SECONDS = (2, 15)
_SECONDS, _ADDED_SECONDS = range(1, 16), range(2, 11)
_DEFAULT_RESOLUTION = "480p"
_MOST_DIGITS = 4


class VideoOutput(msgspec.Struct, kw_only=True):
    """Where the video is to be put."""

    upload_url: str


class VideoRequest(msgspec.Struct, kw_only=True):
    """What the three kinds of requests share."""

    model: str | None = None
    output: VideoOutput | None = None
    storage_options: StorageOptions | None = None
    user: str | None = None
    service_tier: str | None = None


class Keyframe(msgspec.Struct, kw_only=True):
    """An image that the video passes through."""

    image: MediaInput
    timestamp_s: float


class GenerateRequest(VideoRequest, kw_only=True):
    """The body of `POST /v1/videos/generations`. `seconds` and `input_reference` are other names."""

    prompt: str | None = None
    image: MediaInput | None = None
    input_reference: MediaInput | None = None
    last_frame: MediaInput | None = None
    keyframes: list[Keyframe] = []
    reference_images: list[MediaInput] = []
    reference_audios: list[AudioInput] = []
    duration: int | str | None = None
    seconds: int | str | None = None
    aspect_ratio: Literal["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "5:2"] | None = None
    resolution: Literal["480p", "720p", "1080p"] | None = None
    generate_audio: bool | None = None

    @property
    def first_frame(self) -> MediaInput | None:
        """The image to begin with."""
        return self.image or self.input_reference

    @property
    def pictures(self) -> dict[str, MediaInput]:
        """Every image of the request, by its place."""
        named = {"image": self.first_frame, "last_frame": self.last_frame}
        named |= {f"keyframes[{index}].image": frame.image for index, frame in enumerate(self.keyframes)}
        named |= {f"reference_images[{index}]": image for index, image in enumerate(self.reference_images)}
        return {name: image for name, image in named.items() if image is not None}


class EditRequest(VideoRequest, kw_only=True):
    """The body of `POST /v1/videos/edits`."""

    prompt: str
    video: MediaInput


class ExtendRequest(EditRequest, kw_only=True):
    """The body of `POST /v1/videos/extensions`."""

    duration: Annotated[int, msgspec.Meta(ge=_ADDED_SECONDS.start, lt=_ADDED_SECONDS.stop)] | None = None

    @property
    def added_seconds(self) -> int:
        """How much longer the video becomes."""
        return _DEFAULT_ADDED_SECONDS if self.duration is None else self.duration


def check(request: VideoRequest, model: Model, *, zero_data_retention: bool) -> None:
    """Raise the 400 for what no kind of request may have."""
    if request.service_tier is not None and "service_tier" in model.rejects:
        raise invalid("Argument not supported on this model: service_tier")
    check_storage(request.storage_options)
    if zero_data_retention and request.output is None:
        raise invalid("Zero Data Retention teams must provide output.upload_url for video generation.")


def check_generation(request: GenerateRequest, model: Model) -> None:
    """Raise the 400 for a video that cannot be made."""
    if not (request.prompt or "").strip() and request.first_frame is None:
        raise invalid("A prompt is required for text-to-video and reference-to-video.")
    if request.resolution is not None and request.resolution not in variants_of(model, "second"):
        raise invalid(f"Resolution {request.resolution} is not supported by {model.id}.")
    _check_references(request, model)
    _check_keyframes(request, model)


def check_source(request: EditRequest, model: Model, seconds: float | None) -> None:
    """Raise the 400 for a video that cannot be edited or extended; a length that is not known is let through."""
    if "video" not in model.input_modalities:
        raise invalid(f"The model {model.id} does not support video input.")
    if not request.prompt.strip():
        raise invalid("The prompt must not be empty.")
    if seconds is None:
        return
    if isinstance(request, ExtendRequest):
        least, most = _EXTENDABLE_SECONDS
        if not least <= seconds <= most:
            raise invalid(f"The input video must be {least} to {most} seconds long, found {seconds:g}.")
    elif seconds > _MOST_EDITED_SECONDS:
        raise invalid(f"The input video must be at most {_MOST_EDITED_SECONDS} seconds long, found {seconds:g}.")


def seconds_asked(request: GenerateRequest) -> int:
    """How long the video is to be: a number, or the text of one. Raises 400."""
    given = request.duration if request.duration is not None else request.seconds
    if given is None:
        return _DEFAULT_SECONDS
    text = str(given)
    number = int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0
    if number not in _SECONDS:
        raise invalid(f"Invalid duration: must be between {_SECONDS.start} and {_SECONDS.stop - 1} seconds.")
    return number


def resolution_asked(request: GenerateRequest) -> str:
    """The resolution that is made and billed."""
    return request.resolution or _DEFAULT_RESOLUTION


def _check_references(request: GenerateRequest, model: Model) -> None:
    if not request.reference_images and not request.reference_audios:
        return
    if request.first_frame is not None:
        raise invalid("image cannot be combined with reference_images or reference_audios.")
    if len(request.reference_images) > _MOST_REFERENCE_IMAGES:
        raise invalid(f"Too many reference_images: at most {_MOST_REFERENCE_IMAGES} are supported.")
    if len(request.reference_audios) > _MOST_REFERENCE_AUDIOS:
        raise invalid(f"Too many reference_audios: at most {_MOST_REFERENCE_AUDIOS} are supported.")
    if request.reference_audios and "audio" not in model.input_modalities:
        raise invalid(f"reference_audios are not supported by {model.id}.")
    check_audios(request.reference_audios, "reference_audios")


def _check_keyframes(request: GenerateRequest, model: Model) -> None:
    if (request.keyframes or request.last_frame is not None) and "audio" not in model.input_modalities:
        raise invalid(f"keyframes and last_frame are not supported by {model.id}.")
    if len(request.keyframes) > _MOST_KEYFRAMES:
        raise invalid(f"Too many keyframes: at most {_MOST_KEYFRAMES} are supported.")
    for index, keyframe in enumerate(request.keyframes):
        if not 0 < keyframe.timestamp_s < seconds_asked(request):
            raise invalid(f"keyframes[{index}].timestamp_s must lie strictly between 0 and the duration.")
