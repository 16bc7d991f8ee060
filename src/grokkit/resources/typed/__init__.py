"""Answers with a type: a schema for the model, a checked value for you, partial values while it arrives."""

from grokkit.resources.typed.form import Form, form_of
from grokkit.resources.typed.partial import Partial, plain
from grokkit.resources.typed.stream import AsyncTypedStream
from grokkit.resources.typed.tries import Parsed

__all__ = ["AsyncTypedStream", "Form", "Parsed", "Partial", "form_of", "plain"]
