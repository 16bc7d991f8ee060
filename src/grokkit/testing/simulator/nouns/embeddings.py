"""`POST /v1/embeddings` and the models for it."""

import array
import base64
import sys
from typing import Annotated, Any, Literal

import msgspec

from grokkit.testing.simulator import tokens
from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.nouns.model_facts import fingerprint
from grokkit.testing.simulator.nouns.vectors import DIMENSIONS, vector
from grokkit.testing.simulator.refusal import invalid
from grokkit.testing.simulator.serving_models import ANY, unknown_model
from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

MODEL = "grok-embedding-small"

_MOST_INPUTS = 128
_MOST_TOKENS = 32_768
_ENTRY = {
    "id": MODEL,
    "fingerprint": fingerprint(MODEL),
    "created": 1_725_148_800,
    "object": "model",
    "owned_by": "xai",
    "version": "0.1.0",
    "input_modalities": ["text"],
    "output_modalities": ["embedding"],
    "prompt_text_token_price": 100,
    "prompt_image_token_price": 0,
    "aliases": ["v1"],
}


class EmbeddingRequest(msgspec.Struct, kw_only=True):
    """The body, in OpenAI's shape."""

    model: str
    input: str | list[str | int | list[int]]
    dimensions: Annotated[int, msgspec.Meta(ge=1, le=DIMENSIONS)] | None = None
    encoding_format: Literal["float", "base64"] | None = None
    preview: bool | None = None
    user: str | None = None


@table.post("/v1/embeddings", head="requests", generates=True)
def embed(visit: Visit) -> Outcome:
    """A vector for each input."""
    request = visit.read(EmbeddingRequest)
    _check_model(request.model)
    texts = _texts(request.input)
    size = request.dimensions or DIMENSIONS
    is_packed = request.encoding_format == "base64"
    used = sum(tokens.count(text) for text in texts)
    if used > _MOST_TOKENS:
        raise invalid(f"The input has {used} tokens; this model's maximum prompt length is {_MOST_TOKENS}.")
    data = [
        {"index": index, "embedding": _written(vector(text, size), packed=is_packed), "object": "embedding"}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": used, "total_tokens": used}
    return visit.answer({"object": "list", "model": MODEL, "data": data, "usage": usage}, model=MODEL)


@table.get("/v1/embedding-models", head="named")
def list_models(visit: Visit) -> Outcome:
    """The models that embed."""
    return visit.answer({"models": [_ENTRY]})


@table.get("/v1/embedding-models/{model_id}", head="named")
def get_model(visit: Visit) -> Outcome:
    """One of them."""
    _check_model(visit.params["model_id"])
    return visit.answer(_ENTRY)


def _check_model(name: str) -> None:
    if name not in {MODEL, "v1"}:
        raise unknown_model(name, ANY)


def _texts(given: str | list[Any]) -> list[str]:
    """The inputs; numbers are tokens, each taken for a word."""
    if isinstance(given, str):
        texts = [given]
    elif given and all(isinstance(piece, int) for piece in given):
        texts = [_of_numbers(given)]
    else:
        texts = [piece if isinstance(piece, str) else _of_numbers(piece) for piece in given]
    if not texts or not all(texts):
        raise invalid("Invalid input: it cannot be empty.")
    if len(texts) > _MOST_INPUTS:
        raise invalid(f"Too many inputs: {len(texts)}, at most {_MOST_INPUTS} are allowed.")
    return texts


def _of_numbers(numbers: int | list[int]) -> str:
    return " ".join(map(str, [numbers] if isinstance(numbers, int) else numbers))


def _written(values: tuple[float, ...], *, packed: bool) -> str | tuple[float, ...]:
    if not packed:
        return values
    floats = array.array("f", values)
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode()
