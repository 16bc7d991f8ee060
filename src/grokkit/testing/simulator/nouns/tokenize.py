"""Tokenising: `POST /v1/tokenize-text`."""

import msgspec

from grokkit.testing.simulator import tokens
from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.serving_models import ANY
from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()


class TokenizeRequest(msgspec.Struct, kw_only=True):
    """The body."""

    text: str
    model: str


@table.post("/v1/tokenize-text", head="requests")
def tokenize(visit: Visit) -> Outcome:
    """The tokens of a text."""
    request = visit.read(TokenizeRequest)
    model = visit.model(request.model, ANY)
    return visit.answer({"token_ids": tokens.tokenized(request.text)}, model=model.id)
