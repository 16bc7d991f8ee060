"""The image, video and voice models that xAI serves, newest first."""

import re

from grokkit.models.model import Model, RateLimits, UnitPrice
from grokkit.wire.usage import TICKS_PER_USD

_IMAGE_LIMITS = RateLimits(requests_per_second=(6, 12, 25, 50, 100))
_VIDEO_LIMITS = RateLimits(requests_per_second=(10, 20, 39, 79, 158))
_POINT = re.compile(r"(?<=\d)_(?=\d)")


def unit_prices(unit: str, **usd: float) -> tuple[UnitPrice, ...]:
    """Prices of one unit in US dollars, by variant; a variant is written with `_` for spaces and points.

    >>> unit_prices("image", low_1_5k=0.05)[0].variant
    'low 1.5k'
    """
    return tuple(
        UnitPrice(unit=unit, variant=_variant(name), ticks=round(amount * TICKS_PER_USD))
        for name, amount in usd.items()
    )


def _variant(name: str) -> str:
    return _POINT.sub(".", name.strip("_")).replace("_", " ")


IMAGE = (
    Model(
        id="grok-imagine-image-2.0",
        input_modalities=("text", "image"),
        output_modalities=("image",),
        unit_prices=(
            *unit_prices("image", low_1k=0.04, low_1_5k=0.05, low_2k=0.06),
            *unit_prices("image", medium_1k=0.06, medium_1_5k=0.07, medium_2k=0.08),
            *unit_prices("input image", any=0.01),
        ),
        rate_limits=_IMAGE_LIMITS,
        dialects=("images",),
        rejects=frozenset({"service_tier"}),
        notes="The only image model that takes `quality`.",
    ),
    Model(
        id="grok-imagine-image",
        input_modalities=("text", "image"),
        output_modalities=("image",),
        unit_prices=(*unit_prices("image", any=0.02), *unit_prices("input image", any=0.002)),
        rate_limits=_IMAGE_LIMITS,
        dialects=("images",),
        rejects=frozenset({"quality", "service_tier"}),
    ),
)

VIDEO = (
    Model(
        id="grok-imagine-video-1.5",
        aliases=("grok-imagine-video-1.5-preview",),
        input_modalities=("text", "image", "audio"),
        output_modalities=("video",),
        unit_prices=unit_prices("second", _480p=0.08, _720p=0.14, _1080p=0.25),
        rate_limits=_VIDEO_LIMITS,
        dialects=("videos",),
        rejects=frozenset({"service_tier"}),
    ),
    Model(
        id="grok-imagine-video-1.5-lite",
        input_modalities=("text", "image"),
        output_modalities=("video",),
        unit_prices=unit_prices("second", _480p=0.02, _720p=0.03, _1080p=0.14),
        rate_limits=_VIDEO_LIMITS,
        dialects=("videos",),
        rejects=frozenset({"service_tier"}),
    ),
    Model(
        id="grok-imagine-video",
        input_modalities=("text", "image", "video"),
        output_modalities=("video",),
        unit_prices=unit_prices("second", _480p=0.05, _720p=0.07),
        rate_limits=_VIDEO_LIMITS,
        dialects=("videos",),
        rejects=frozenset({"service_tier"}),
        notes="The one that edits and extends videos.",
    ),
)

VOICE = (
    Model(
        id="grok-voice-3.0",
        aliases=("grok-voice-latest",),
        input_modalities=("audio", "text"),
        output_modalities=("audio", "text"),
        unit_prices=unit_prices("minute", speech_to_speech=0.08),
        dialects=("realtime",),
    ),
    Model(
        id="grok-voice-2.0",
        aliases=("grok-voice-think-fast-2.0",),
        input_modalities=("audio", "text"),
        output_modalities=("audio", "text"),
        unit_prices=unit_prices("minute", speech_to_speech=0.08),
        dialects=("realtime",),
        notes="Deprecated since 2026-10-14: write grok-voice-3.0, at the same price.",
    ),
    Model(
        id="grok-voice-transcribe-2.0",
        input_modalities=("audio",),
        output_modalities=("text",),
        unit_prices=unit_prices("hour", file=0.10, stream=0.20),
        dialects=("stt",),
    ),
)
