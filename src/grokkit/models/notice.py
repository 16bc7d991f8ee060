"""Who asks for one model and is answered by another should know: what was served, and what it costs."""

import warnings
from functools import lru_cache

from grokkit.models.catalogue import lookup, successor
from grokkit.models.model import Model
from grokkit.wire.usage import TICKS_PER_USD

_MILLION = 1_000_000

_told: dict[tuple[str, str], object] = {}


class ModelRedirected(UserWarning):
    """The model that was asked for is retired, or another one answered."""


@lru_cache(maxsize=1024)
def notice(asked: str, served: str) -> str | None:
    """What to tell someone who asked for one model and got an answer from another; None when all is in order.

    In order is: the served model is what the asked name stands for (itself, an alias, a dated release), or
    the catalogue does not know one of the two, as on other servers. Asking for a retired model never is.

    >>> notice("grok-4.20", "grok-4.20-0309-reasoning") is None
    True
    >>> print(notice("grok-3", "grok-4.3"))  # doctest: +NORMALIZE_WHITESPACE
    grok-3 has been retired since 2026-05-15; this call was served by grok-4.3
    (USD per million tokens, input / cached / output:
    grok-3 3.00 / 0.75 / 15.00, grok-4.3 1.25 / 0.20 / 2.50).
    Write model="grok-4.3" with reasoning effort "none" instead.
    """
    wanted = lookup(asked)
    if wanted is None:
        return None
    given = lookup(served)
    if wanted.retired_on is not None:
        return _of_retired(asked, wanted, served, given)
    if given is None or given is wanted:
        return None
    return (
        f"{asked} was asked for, but this call was served by {served}{_compared(wanted, given)}. "
        f'Write model="{given.id}" if that is what you want; '
        f"else see with the list of models whether your key may use {wanted.id}."
    )


def warn_once(asked: str, served: str, *, stacklevel: int = 1) -> None:
    """Warn of what `notice` says with `ModelRedirected`, once for each pair of models in this process.

    To hear none of it: `warnings.simplefilter("ignore", ModelRedirected)`; to stop at the first: `"error"`.
    `stacklevel` says who is shown as its place: 1 is the line that calls this, 2 the one that called that.
    """
    text = notice(asked, served)
    if text is not None and _is_first(asked, served):
        warnings.warn(text, ModelRedirected, stacklevel=stacklevel + 1)


def _is_first(asked: str, served: str) -> bool:
    wanted, given = lookup(asked), lookup(served)
    pair = (wanted.id if wanted else asked, given.id if given else "")
    mine = object()
    return _told.setdefault(pair, mine) is mine  # one step, so that of two threads only one is the first


def _of_retired(asked: str, wanted: Model, served: str, given: Model | None) -> str:
    text = f"{asked} has been retired since {wanted.retired_on}"
    if given is wanted:
        text += " and may stop working on this server too"
    elif served:
        text += f"; this call was served by {served}{_compared(wanted, given)}"
    return f"{text}. {_advice(wanted, given)}"


def _advice(wanted: Model, given: Model | None) -> str:
    heir = successor(wanted)
    if given is not None and given.retired_on is None:
        heir = given
    if heir is None:
        return "Choose another model from the list of models."
    setting = f" with {wanted.served_with}" if wanted.served_with and heir.id == wanted.served_by else ""
    return f'Write model="{heir.id}"{setting} instead.'


def _compared(wanted: Model, given: Model | None) -> str:
    if given is None:
        return ""
    return _compared_tokens(wanted, given) or _compared_units(wanted, given)


def _compared_tokens(wanted: Model, given: Model) -> str:
    before, now = _token_prices(wanted), _token_prices(given)
    if not before or not now or before == now:
        return ""
    return f" (USD per million tokens, input / cached / output: {wanted.id} {before}, {given.id} {now})"


def _compared_units(wanted: Model, given: Model) -> str:
    before, now = _unit_prices(wanted), _unit_prices(given)
    if not before or not now or before == now:
        return ""
    return f" ({wanted.id}: {before}; {given.id}: {now})"


def _token_prices(model: Model) -> str:
    if model.prices is None:
        return ""
    own = (model.prices.input, model.prices.cached_input, model.prices.output)
    return " / ".join(_usd(ticks * _MILLION) for ticks in own)


def _unit_prices(model: Model) -> str:
    if not model.unit_prices:
        return ""
    unit = model.unit_prices[0].unit
    amounts = [price.ticks for price in model.unit_prices if price.unit == unit]
    least, most = _usd(min(amounts)), _usd(max(amounts))
    return f"{least if least == most else f'{least} to {most}'} USD per {unit}"


def _usd(ticks: int) -> str:
    cents = f"{ticks / TICKS_PER_USD:.2f}"
    return cents if round(float(cents) * TICKS_PER_USD) == ticks else f"{ticks / TICKS_PER_USD:g}"
