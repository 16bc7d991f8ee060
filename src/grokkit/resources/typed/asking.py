"""A request for a typed answer: the fields that ask for it, and what is known beforehand not to work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from grokkit import models
from grokkit.errors import Misused, ParameterRejected
from grokkit.resources.typed.form import form_of
from grokkit.resources.typed.tries import Tries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import TypeForm

    from grokkit.resources.typed.form import Dialect, Form
    from grokkit.resources.typed.tries import Turns

T = TypeVar("T")

_LIMITS = ("max_output_tokens", "max_completion_tokens", "max_tokens")
_FAMILY = "grok-4"
_WHERE = {"responses": "grok.responses", "chat": "grok.chat"}


def asked_for(
    into: TypeForm[T], turns: Turns, repairs: int, *, dialect: Dialect, model: str, options: Mapping[str, Any]
) -> tuple[Tries[T], dict[str, Any]]:
    """The tries of an answer of this type, and the caller's options with the form in them.

    Raises `ToolUnfit` for what no answer can be; `Misused` where the options ask for another format or several
    answers, and for a count of repairs that is none; `ParameterRejected` for models that are known not to give such
    answers.
    """
    if isinstance(repairs, bool) or not isinstance(repairs, int) or repairs < 0:
        raise Misused(f"repairs is {repairs!r}", hint="say how often the model may mend its answer: 0, 1, 2 ...")
    form: Form[T] = form_of(into)
    _refuse_formats(dialect, options)
    _refuse_model(model, dialect, with_tools=bool(options.get("tools")))
    asked = form.fields(dialect)
    if dialect == "responses":
        asked["text"] = {**(options.get("text") or {}), **asked["text"]}
    limits = (options.get(name) for name in _LIMITS)
    limit = next((limit for limit in limits if limit is not None), None)
    return Tries(form, turns, repairs, dialect=dialect, limit=limit), {**options, **asked}


def _refuse_formats(dialect: Dialect, options: Mapping[str, Any]) -> None:
    given = options.get("response_format") if dialect == "chat" else (options.get("text") or {}).get("format")
    if given is not None:
        raise Misused(
            "a typed answer has the format of its type, and the call asks for another one too",
            hint="leave text.format and response_format out, or use create() instead of parse()",
            param="response_format" if dialect == "chat" else "text.format",
        )
    if (options.get("n") or 1) > 1:
        raise Misused("a typed answer is one answer", hint="leave n out, or make several calls", param="n")


def _refuse_model(name: str, dialect: Dialect, *, with_tools: bool) -> None:
    asked = models.lookup(name)
    served = models.successor(asked) if asked is not None else None
    if served is None:
        return  # another server's model, or one that is gone: the server knows
    if dialect not in served.dialects:
        where = [_WHERE[other] for other in served.dialects if other in _WHERE]
        raise ParameterRejected(
            f"{name} gives no typed answers in {_WHERE[dialect]}",
            hint=f"ask it through {where[0]}" if where else "choose a model that answers with text",
            param="model",
        )
    if with_tools and not served.id.startswith(_FAMILY):
        raise ParameterRejected(
            f"{name} gives no typed answers while it has tools: xAI says that only the Grok 4 family does",
            hint="choose a model of that family, or leave the tools out",
            param="tools",
        )
