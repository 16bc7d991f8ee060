"""Models as tables: as wide as the terminal, or as wide as they are when piped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.cli.tables import console, print_table
from grokkit.models import KNOWN_ON, lookup
from grokkit.wire.usage import TICKS_PER_USD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grokkit.models import Model
    from grokkit.wire.listings import ModelCard

MILLION = 1_000_000
THOUSAND = 1_000


def print_catalogue(known: Sequence[Model]) -> None:
    """The models in service, by what they answer with, and the retired ones."""
    served = [model for model in known if model.retired_on is None]
    by_token = [model for model in served if model.prices is not None]
    others = [model for model in served if model.prices is None]
    retired = [model for model in known if model.retired_on is not None]
    out = console()
    print_table(
        out,
        ("Text", "Window", "$ in / cached / out", "Effort", "Takes"),
        [
            (model.id, _window(model.context_window), _token_prices(model), _efforts(model), _takes(model))
            for model in by_token
        ],
    )
    print_table(
        out,
        ("Image, video, voice", "Price in $", "Takes", "Gives"),
        [(model.id, _unit_prices(model), _takes(model), ", ".join(model.output_modalities)) for model in others],
    )
    print_table(
        out,
        ("Retired", "Since", "Answered by"),
        [(model.id, str(model.retired_on), _heir(model)) for model in retired],
    )
    out.print(f"As known on {KNOWN_ON}; grokkit models --live asks the API.", style="dim")


def print_cards(cards: Sequence[ModelCard]) -> None:
    """What the API lists."""
    rows = [
        (card.id, ", ".join(card.aliases), _window(card.context_length), _card_prices(card), _news(card))
        for card in sorted(cards, key=lambda card: card.id)
    ]
    print_table(console(), ("Model", "Aliases", "Window", "$ in / cached / out", ""), rows)


def _window(tokens: int | None) -> str:
    """A context window for people.

    >>> _window(500_000), _window(2_000_000), _window(131_072), _window(None)
    ('500k', '2M', '131k', '')
    """
    if tokens is None:
        return ""
    return f"{tokens // MILLION}M" if tokens % MILLION == 0 else f"{tokens // THOUSAND}k"


def _token_prices(model: Model) -> str:
    prices = model.prices
    return "" if prices is None else _per_million(prices.input, prices.cached_input, prices.output)


def _card_prices(card: ModelCard) -> str:
    ticks = (card.prompt_text_token_price, card.cached_prompt_text_token_price, card.completion_text_token_price)
    return _per_million(*(price or 0 for price in ticks)) if any(ticks) else ""


def _per_million(*ticks: int) -> str:
    return " / ".join(f"{price * MILLION / TICKS_PER_USD:.2f}" for price in ticks)


def _unit_prices(model: Model) -> str:
    """Each unit once, with the least and the most it costs."""
    by_unit: dict[str, list[float]] = {}
    for price in model.unit_prices:
        by_unit.setdefault(price.unit, []).append(price.ticks / TICKS_PER_USD)
    return ", ".join(f"{_range(prices)} per {unit}" for unit, prices in by_unit.items())


def _range(prices: Sequence[float]) -> str:
    least, most = f"{min(prices):g}", f"{max(prices):g}"
    return least if least == most else f"{least} to {most}"


def _efforts(model: Model) -> str:
    """The efforts, the default one marked."""
    return " ".join(f"{effort}*" if effort == model.default_effort else effort for effort in model.efforts)


def _takes(model: Model) -> str:
    return ", ".join(model.input_modalities)


def _heir(model: Model) -> str:
    if model.served_by is None:
        return "nothing: calls fail"
    return f"{model.served_by} with {model.served_with}" if model.served_with else model.served_by


def _news(card: ModelCard) -> str:
    known = lookup(card.id)
    if known is None:
        return "new: not in the catalogue"
    return f"retired on {known.retired_on}" if known.retired_on else ""
