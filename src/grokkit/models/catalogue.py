"""The catalogue: every model that is known, found by any of its names."""

from collections.abc import Mapping
from functools import lru_cache

from grokkit.models.media import IMAGE, VIDEO, VOICE
from grokkit.models.model import Model
from grokkit.models.retired import RETIRED
from grokkit.models.text import TEXT

KNOWN: tuple[Model, ...] = (*TEXT, *IMAGE, *VIDEO, *VOICE, *RETIRED)
"""All models of the catalogue, those in service first."""

_BY_NAME = {name: model for model in KNOWN for name in (model.id, *model.aliases)}
_LATEST = "-latest"
_DATE_LENGTHS = (4, 6, 8)


@lru_cache(maxsize=1024)
def lookup(name: str) -> Model | None:
    """The model of this name; None when the catalogue does not know it, which is no error.

    Names are an id (`grok-4.20-0309-reasoning`), a bare name (`grok-4.20`), and either with `-latest` or with
    the date of a release (`-0309`, `-2026-03-09`). A dated release that is not written down is taken for its
    family as long as the family is in service. Upper and lower case are the same.

    >>> lookup("Grok-4.20-latest").id
    'grok-4.20-0309-reasoning'
    >>> lookup("smollm2-135m-instruct") is None
    True
    """
    wanted = name.lower()
    model = _BY_NAME.get(wanted)
    if model is not None:
        return model
    if wanted.endswith(_LATEST):
        return _BY_NAME.get(wanted.removesuffix(_LATEST))
    family = _BY_NAME.get(_without_date(wanted))
    return None if family is None or family.retired_on else family


def successor(model: Model) -> Model | None:
    """The model in service that answers for this one: itself, or the end of its chain of `served_by`.

    >>> successor(lookup("grok-imagine-image-pro")).id
    'grok-imagine-image-2.0'
    """
    heir: Model | None = model
    while heir is not None and heir.retired_on:
        heir = None if heir.served_by is None else _BY_NAME[heir.served_by]
    return heir


@lru_cache(maxsize=1024)
def is_reasoning(name: str, effort: str | None = None) -> bool | None:
    """Whether a call for this model with this effort thinks before it answers; None when nobody knows.

    It says how long the first word may take. Unknown models and those that answer with images, video or
    speech are None: their waiting has nothing to do with reasoning.

    >>> is_reasoning("grok-4.3"), is_reasoning("grok-4.3", "none"), is_reasoning("my-own.gguf")
    (True, False, None)
    """
    model = lookup(name)
    if model is None or model.prices is None:
        return None
    switched_off = effort is not None and effort.lower() == "none" and "none" in model.efforts
    return model.reasoning and not switched_off


def _without_date(name: str) -> str:
    family, _, last = name.rpartition("-")
    if last.isdecimal() and len(last) in _DATE_LENGTHS:
        return family
    parts = name.rsplit("-", 3)
    if [len(part) for part in parts[1:]] == [4, 2, 2] and all(part.isdecimal() for part in parts[1:]):
        return parts[0]
    return ""


def limits_of(name: str, tier: int) -> Mapping[str, float]:
    """How fast a team of this tier, 0 to 4, may ask for a model; empty when nobody knows.

    >>> limits_of("grok-4.7", 0)
    {'requests_per_second': 150.0, 'tokens_per_minute': 50000000.0}
    """
    model = lookup(name)
    known = model.rate_limits if model is not None else None
    if known is None or tier not in range(len(known.requests_per_second)):
        return {}
    limits = {"requests_per_second": float(known.requests_per_second[tier])}
    if known.tokens_per_minute is not None:
        limits["tokens_per_minute"] = float(known.tokens_per_minute[tier])
    return limits
