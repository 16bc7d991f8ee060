"""What recordings are held against: the models that grokkit knows of, or those that a server lists now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from grokkit.models import Model, UnitPrice, lookup
from grokkit.wire.usage import listed_prices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from grokkit import Grok
    from grokkit.wire.listings import ImageModel, LanguageModel, VideoModel

_UNLISTED = frozenset({"realtime", "stt"})
"""Voice models are in no listing."""


@dataclass(frozen=True)
class Listing:
    """Models by any of their names."""

    source: str
    """What messages call it."""
    find: Callable[[str], Model | None]
    host: str = ""
    """Recordings of this host are held against it too, besides those of xAI's."""


CATALOGUE = Listing("the catalogue", lookup)
"""The catalogue that comes with grokkit, `grokkit.models`: it needs no network, and knows the retired models."""


def live_listing(grok: Grok) -> Listing:
    """The models that the client's server lists now, with its prices and efforts, in three calls.

    What no listing tells, such as the parameters that a model rejects, is as the catalogue has it.
    Raises what a call raises: `KeyRejected`, `ConnectionFailed` ...

    >>> from grokkit.testing import Simulator
    >>> listing = live_listing(Simulator().grok())
    >>> listing.source, listing.find("grok-4.7").prices.input, listing.find("grok-3")
    ('the listing of simulator.invalid', 20000, None)
    """
    models = [_text_model(card) for card in grok.models.list_language()]
    models += [_image_model(card) for card in grok.models.list_image()]
    models += [_other(card) for card in grok.models.list_video()]
    by_name = {name.lower(): model for model in models for name in (*model.aliases, model.id)}
    host = urlsplit(grok.config.base_url).hostname or ""
    return Listing(f"the listing of {host}", lambda name: _find(by_name, name), host)


def _find(by_name: Mapping[str, Model], name: str) -> Model | None:
    found, known = by_name.get(name.lower()), lookup(name)
    if found is not None or known is None:
        return found
    return known if known.dialects and _UNLISTED.issuperset(known.dialects) else by_name.get(known.id)


def _text_model(card: LanguageModel) -> Model:
    listed = (card.capabilities or {}).get("reasoning_effort")
    model = _other(card)
    efforts = tuple(map(str, listed)) if isinstance(listed, list) else model.efforts
    return msgspec.structs.replace(model, prices=listed_prices(msgspec.to_builtins(card)), efforts=efforts)


def _image_model(card: ImageModel) -> Model:
    price = UnitPrice(unit="image", variant="any", ticks=card.image_price)
    return msgspec.structs.replace(_other(card), unit_prices=(price,))


def _other(card: LanguageModel | ImageModel | VideoModel) -> Model:
    known = lookup(card.id) or Model(id=card.id)
    return msgspec.structs.replace(known, id=card.id, aliases=tuple(card.aliases), retired_on=None, served_by=None)
