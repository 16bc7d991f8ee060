"""The models that xAI serves no more, the day they went, and what answers in their place.

The prices are their own last ones: they price old recordings, and show what a redirection costs.
"""

from datetime import date

from grokkit.models.media import unit_prices
from grokkit.models.model import Model
from grokkit.models.text import ALSO_EFFORT, PENALTIES_AND_STOP, flat_prices

_MAY_15 = date(2026, 5, 15)
_GONE_IN_APRIL = date(2026, 4, 16)
_WITHOUT_REASONING = 'reasoning effort "none"'
_LITTLE_REASONING = 'reasoning effort "low"'
_WITH_IMAGES = ("text", "image")
_BOTH = ("chat", "responses")
_GROK_2 = "Answered with 400 (model not found). The day it went is not published; by this one it was gone."


def _fast(generation: str, *, reasoning: bool) -> Model:
    name = f"grok-{generation}-fast"
    full = f"{name}-{'reasoning' if reasoning else 'non-reasoning'}"
    return Model(
        id=full,
        aliases=(name, f"{full}-latest") if reasoning else (f"{full}-latest",),
        context_window=2_000_000,
        input_modalities=_WITH_IMAGES,
        reasoning=reasoning,
        prices=flat_prices(0.20, 0.05, 0.50),
        retired_on=_MAY_15,
        served_by="grok-4.3",
        served_with=_LITTLE_REASONING if reasoning else _WITHOUT_REASONING,
        dialects=_BOTH,
        rejects=ALSO_EFFORT if reasoning else frozenset({"reasoning_effort"}),
    )


RETIRED = (
    _fast("4-1", reasoning=True),
    _fast("4-1", reasoning=False),
    _fast("4", reasoning=True),
    _fast("4", reasoning=False),
    Model(
        id="grok-4-0709",
        aliases=("grok-4", "grok-4-latest"),
        context_window=256_000,
        input_modalities=_WITH_IMAGES,
        reasoning=True,
        prices=flat_prices(3.00, 0.75, 15.00),
        retired_on=_MAY_15,
        served_by="grok-4.3",
        served_with=_LITTLE_REASONING,
        dialects=_BOTH,
        rejects=ALSO_EFFORT,
    ),
    Model(
        id="grok-code-fast-1",
        aliases=("grok-code-fast", "grok-code-fast-1-0825"),
        context_window=256_000,
        reasoning=True,
        prices=flat_prices(0.20, 0.02, 1.50),
        retired_on=_MAY_15,
        served_by="grok-build-0.1",
        dialects=_BOTH,
        rejects=ALSO_EFFORT,
    ),
    Model(
        id="grok-3",
        aliases=("grok-3-latest", "grok-3-beta", "grok-3-fast", "grok-3-fast-latest", "grok-3-fast-beta"),
        context_window=131_072,
        prices=flat_prices(3.00, 0.75, 15.00),
        retired_on=_MAY_15,
        served_by="grok-4.3",
        served_with=_WITHOUT_REASONING,
        dialects=_BOTH,
        rejects=frozenset({"reasoning_effort"}),
    ),
    Model(
        id="grok-3-mini",
        aliases=(
            "grok-3-mini-latest",
            "grok-3-mini-beta",
            "grok-3-mini-fast",
            "grok-3-mini-fast-latest",
            "grok-3-mini-fast-beta",
        ),
        context_window=131_072,
        efforts=("low", "high"),
        reasoning=True,
        prices=flat_prices(0.30, 0.075, 0.50),
        retired_on=_MAY_15,
        served_by="grok-4.3",
        served_with=_LITTLE_REASONING,
        dialects=_BOTH,
        rejects=PENALTIES_AND_STOP,
        notes="Not named in the announcement of that day, but gone from the list of models with grok-3.",
    ),
    Model(
        id="grok-2-1212",
        aliases=("grok-2", "grok-2-latest"),
        context_window=131_072,
        prices=flat_prices(2.00, 2.00, 10.00),
        retired_on=_GONE_IN_APRIL,
        dialects=("chat",),
        notes=_GROK_2,
    ),
    Model(
        id="grok-2-vision-1212",
        aliases=("grok-2-vision", "grok-2-vision-latest"),
        context_window=32_768,
        input_modalities=_WITH_IMAGES,
        prices=flat_prices(2.00, 2.00, 10.00),
        retired_on=_GONE_IN_APRIL,
        dialects=("chat",),
        notes=_GROK_2,
    ),
    Model(
        id="grok-2-image-1212",
        aliases=("grok-2-image", "grok-2-image-latest"),
        output_modalities=("image",),
        retired_on=_GONE_IN_APRIL,
        dialects=("images",),
        notes=_GROK_2,
    ),
    Model(
        id="grok-imagine-image-quality",
        input_modalities=_WITH_IMAGES,
        output_modalities=("image",),
        unit_prices=(
            *unit_prices("image", _1k=0.05, _1_5k=0.06, _2k=0.07),
            *unit_prices("input image", any=0.01),
        ),
        retired_on=date(2026, 11, 2),
        served_by="grok-imagine-image-2.0",
        served_with='quality "low"',
        dialects=("images",),
        rejects=frozenset({"quality", "service_tier"}),
    ),
    Model(
        id="grok-imagine-image-pro",
        input_modalities=_WITH_IMAGES,
        output_modalities=("image",),
        retired_on=_MAY_15,
        served_by="grok-imagine-image-quality",
        dialects=("images",),
    ),
    Model(
        id="grok-voice-transcribe-1.0",
        input_modalities=("audio",),
        unit_prices=unit_prices("hour", file=0.10, stream=0.20),
        retired_on=date(2026, 10, 2),
        served_by="grok-voice-transcribe-2.0",
        dialects=("stt",),
    ),
)
