"""The text models that xAI serves, newest first."""

from grokkit.models.model import Model, RateLimits
from grokkit.wire.usage import Prices

PENALTIES_AND_STOP = frozenset({"presence_penalty", "frequency_penalty", "stop"})
ALSO_EFFORT = PENALTIES_AND_STOP | {"reasoning_effort"}

_TICKS_PER_TOKEN = 10_000  # at 1 USD a million
_WITH_IMAGES = ("text", "image")
_BOTH = ("chat", "responses")
_MILLION = 1_000_000

_FLAGSHIP_LIMITS = RateLimits(
    requests_per_second=(150, 172, 208, 312, 500),
    tokens_per_minute=(50 * _MILLION, 53 * _MILLION, 60 * _MILLION, 74 * _MILLION, 100 * _MILLION),
)
_STANDARD_LIMITS = RateLimits(
    requests_per_second=(37, 50, 75, 125, 208),
    tokens_per_minute=(10 * _MILLION, 15 * _MILLION, 25 * _MILLION, 45 * _MILLION, 85 * _MILLION),
)
_MULTI_AGENT_LIMITS = RateLimits(
    requests_per_second=(9, 12, 18, 31, 56),
    tokens_per_minute=(2_500_000, 3_700_000, 6_200_000, 11 * _MILLION, 21 * _MILLION),
)


def flat_prices(text: float, cached: float, output: float, **more: int) -> Prices:
    """Prices written as on the price page: US dollars a million tokens."""
    base = [round(usd * _TICKS_PER_TOKEN) for usd in (text, cached, output)]
    return Prices(input=base[0], cached_input=base[1], output=base[2], **more)


def _prices(text: float, cached: float, output: float) -> Prices:
    doubled = flat_prices(2 * text, 2 * cached, 2 * output)
    return flat_prices(
        text,
        cached,
        output,
        long_context_threshold=200_000,
        long_input=doubled.input,
        long_cached_input=doubled.cached_input,
        long_output=doubled.output,
    )


TEXT = (
    Model(
        id="grok-4.7",
        context_window=500_000,
        input_modalities=_WITH_IMAGES,
        efforts=("low", "medium", "high", "xhigh"),
        default_effort="high",
        reasoning=True,
        prices=_prices(2.00, 0.50, 6.00),
        rate_limits=_FLAGSHIP_LIMITS,
        dialects=_BOTH,
        rejects=PENALTIES_AND_STOP,
        notes="The flagship. Reasoning cannot be switched off; encrypted reasoning is always returned.",
    ),
    Model(
        id="grok-4.6",
        context_window=500_000,
        input_modalities=_WITH_IMAGES,
        efforts=("low", "medium", "high", "xhigh"),
        default_effort="high",
        reasoning=True,
        prices=_prices(2.00, 0.50, 6.00),
        rate_limits=_FLAGSHIP_LIMITS,
        dialects=_BOTH,
        rejects=PENALTIES_AND_STOP,
        notes="Since August 2026. Reasoning cannot be switched off.",
    ),
    Model(
        id="grok-4.5",
        aliases=("grok-4.5-latest",),
        context_window=500_000,
        input_modalities=_WITH_IMAGES,
        efforts=("low", "medium", "high", "xhigh"),
        default_effort="high",
        reasoning=True,
        prices=_prices(2.00, 0.30, 6.00),
        rate_limits=_FLAGSHIP_LIMITS,
        dialects=_BOTH,
        rejects=PENALTIES_AND_STOP,
        notes="Since July 2026. Effort xhigh is treated as high.",
    ),
    Model(
        id="grok-4.3",
        aliases=("grok-4.3-latest",),
        context_window=1_000_000,
        input_modalities=_WITH_IMAGES,
        efforts=("none", "low", "medium", "high"),
        default_effort="low",
        reasoning=True,
        prices=_prices(1.25, 0.20, 2.50),
        rate_limits=_STANDARD_LIMITS,
        dialects=_BOTH,
        rejects=PENALTIES_AND_STOP,
        notes='Effort "none" switches reasoning off; no other model can.',
    ),
    Model(
        id="grok-4.20-0309-reasoning",
        aliases=(
            "grok-4.20",
            "grok-4.20-0309",
            "grok-4.20-reasoning",
            "grok-4.20-reasoning-latest",
            "grok-4.20-reasoning-gv2",
            "grok-4.20-beta",
            "grok-4.20-beta-0309",
            "grok-4.20-beta-latest",
            "grok-4.20-beta-reasoning",
            "grok-4.20-beta-0309-reasoning",
            "grok-4.20-beta-latest-reasoning",
            "grok-4.20-experimental-beta-0304",
            "grok-4.20-experimental-beta-latest",
            "grok-4.20-experimental-beta-0304-reasoning",
            "grok-4.20-experimental-beta-reasoning-latest",
        ),
        context_window=1_000_000,
        input_modalities=_WITH_IMAGES,
        reasoning=True,
        prices=_prices(1.25, 0.20, 2.50),
        rate_limits=_STANDARD_LIMITS,
        dialects=_BOTH,
        rejects=ALSO_EFFORT,
    ),
    Model(
        id="grok-4.20-0309-non-reasoning",
        aliases=(
            "grok-4.20-non-reasoning",
            "grok-4.20-non-reasoning-latest",
            "grok-4.20-non-reasoning-gv2",
            "grok-4.20-beta-non-reasoning",
            "grok-4.20-beta-0309-non-reasoning",
            "grok-4.20-beta-latest-non-reasoning",
            "grok-4.20-experimental-beta-0304-non-reasoning",
            "grok-4.20-experimental-beta-non-reasoning-latest",
        ),
        context_window=1_000_000,
        input_modalities=_WITH_IMAGES,
        prices=_prices(1.25, 0.20, 2.50),
        rate_limits=_STANDARD_LIMITS,
        dialects=_BOTH,
        rejects=frozenset({"reasoning_effort"}),
    ),
    Model(
        id="grok-4.20-multi-agent-0309",
        aliases=(
            "grok-4.20-multi-agent",
            "grok-4.20-multi-agent-latest",
            "grok-4.20-multi-agent-beta-0309",
            "grok-4.20-multi-agent-beta-latest",
            "grok-4.20-multi-agent-experimental-beta-0304",
            "grok-4.20-multi-agent-experimental-beta-latest",
        ),
        context_window=1_000_000,
        input_modalities=_WITH_IMAGES,
        efforts=("low", "medium", "high", "xhigh"),
        reasoning=True,
        prices=_prices(1.25, 0.20, 2.50),
        rate_limits=_MULTI_AGENT_LIMITS,
        dialects=("responses",),
        rejects=PENALTIES_AND_STOP,
        notes="Effort low or medium means 4 agents, high or xhigh 16; the tokens of all of them are billed.",
    ),
    Model(
        id="grok-build-0.1",
        context_window=256_000,
        input_modalities=_WITH_IMAGES,
        reasoning=True,
        prices=_prices(1.00, 0.20, 2.00),
        rate_limits=_STANDARD_LIMITS,
        dialects=_BOTH,
        rejects=PENALTIES_AND_STOP,
        notes="For coding. Which efforts it accepts is not published.",
    ),
)
