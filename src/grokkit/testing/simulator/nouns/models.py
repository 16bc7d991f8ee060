"""The listings of models: `/v1/models` and one for each kind. The keys are those of the day that is simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns import model_facts as facts
from grokkit.testing.simulator.releases import created
from grokkit.testing.simulator.serving_models import ANY, unknown_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.models import Model
    from grokkit.testing.simulator.simulator import Simulator
    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

_XAI = {"object": "model", "owned_by": "xai"}


def listed(simulator: Simulator) -> list[Model]:
    """The models that the listings of that day have, by id. Voice models are in none of them."""
    found = [model for model in simulator.models.listed if created(model) is not None]
    return sorted(found, key=lambda model: model.id)


def with_output(simulator: Simulator, output: str) -> list[Model]:
    """The models of that day that give text, images or video."""
    return [model for model in listed(simulator) if output in model.output_modalities]


@table.get("/v1/models")
def list_models(visit: Visit) -> Outcome:
    """Every model, in the shape that OpenAI's clients read."""
    data = [model_entry(model, visit.simulator) for model in listed(visit.simulator)]
    return visit.answer({"data": data, "object": "list"})


@table.get("/v1/models/{model_id}")
def get_model(visit: Visit) -> Outcome:
    """One model of any kind."""
    return visit.answer(model_entry(_named(visit, listed(visit.simulator)), visit.simulator))


def _kind(path: str, output: str, entry: Callable[[Model, Simulator], dict[str, Any]]) -> None:
    @table.get(path, head="named")
    def list_kind(visit: Visit) -> Outcome:
        models = with_output(visit.simulator, output)
        return visit.answer({"models": [entry(model, visit.simulator) for model in models]})

    @table.get(f"{path}/{{model_id}}", head="named")
    def get_one(visit: Visit) -> Outcome:
        return visit.answer(entry(_named(visit, with_output(visit.simulator, output)), visit.simulator))


def _named(visit: Visit, models: list[Model]) -> Model:
    name = visit.params["model_id"]
    found = next((model for model in models if name == model.id or name in model.aliases), None)
    if found is None:
        raise unknown_model(name, ANY)
    return found


def model_entry(model: Model, simulator: Simulator) -> dict[str, Any]:
    """A model in `/v1/models`: four keys in April 2026, prices and abilities since."""
    entry: dict[str, Any] = {"id": model.id, "created": created(model), **_XAI}
    if simulator.speaks_old_codes:
        return entry
    entry["aliases"] = list(model.aliases)
    if model.prices is not None:
        entry |= {"context_length": model.context_window, **_token_prices(model, simulator)}
        entry |= _long_context_prices(model) | _capabilities(model)
    if "image" in model.output_modalities:
        entry |= {"image_price": facts.image_price(model), **_pricing(model)}
    return entry


def language_entry(model: Model, simulator: Simulator) -> dict[str, Any]:
    """A model in `/v1/language-models`."""
    entry = _described(model)
    entry |= _token_prices(model, simulator)
    entry["search_price"] = facts.search_price(model, old=simulator.speaks_old_codes)
    if not simulator.speaks_old_codes:
        entry |= _long_context_prices(model)
    entry["aliases"] = list(model.aliases)
    return entry if simulator.speaks_old_codes else entry | _capabilities(model)


def image_entry(model: Model, simulator: Simulator) -> dict[str, Any]:
    """A model in `/v1/image-generation-models`."""
    described = _described(model)
    entry = {name: described.pop(name) for name in ("id", "fingerprint")}
    entry |= {"max_prompt_length": facts.max_prompt_length(model), **described}
    entry |= {"image_price": facts.image_price(model)}
    pricing = {} if simulator.speaks_old_codes else _pricing(model)
    return entry | pricing | {"aliases": list(model.aliases)}


def video_entry(model: Model, simulator: Simulator) -> dict[str, Any]:
    """A model in `/v1/video-generation-models`."""
    return _described(model) | {"aliases": list(model.aliases)}


def _described(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "fingerprint": facts.fingerprint(model.id),
        "created": created(model),
        **_XAI,
        "version": "1.0",
        "input_modalities": list(model.input_modalities),
        "output_modalities": list(model.output_modalities),
    }


def _token_prices(model: Model, simulator: Simulator) -> dict[str, int]:
    text, cached, output = facts.prices_of(model, old=simulator.speaks_old_codes)
    return {
        "prompt_text_token_price": text,
        "cached_prompt_text_token_price": cached,
        "prompt_image_token_price": text if "image" in model.input_modalities else 0,
        "completion_text_token_price": output,
    }


def _long_context_prices(model: Model) -> dict[str, Any]:
    prices = model.prices
    if prices is None:
        return {}
    return {
        "prompt_text_token_price_long_context": prices.long_input,
        "cached_prompt_text_token_price_long_context": prices.long_cached_input,
        "completion_text_token_price_long_context": prices.long_output,
        "long_context_threshold": prices.long_context_threshold,
    }


def _capabilities(model: Model) -> dict[str, Any]:
    if not model.efforts:
        return {}
    efforts = {"reasoning_effort": list(model.efforts), "default_reasoning_effort": model.default_effort}
    return {"capabilities": efforts}


def _pricing(model: Model) -> dict[str, Any]:
    tiers = facts.pricing_tiers(model)
    return {"pricing": tiers} if tiers else {}


_kind("/v1/language-models", "text", language_entry)
_kind("/v1/image-generation-models", "image", image_entry)
_kind("/v1/video-generation-models", "video", video_entry)
