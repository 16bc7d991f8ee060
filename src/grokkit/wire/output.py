"""What an answer says, read out of the items of a response: its text, reasoning, calls and sources.

The paragraphs of the reasoning, which are the texts of its items, are set apart by a blank line.
"""

from collections.abc import Iterable
from typing import Any

from grokkit.wire.events import Citation, ToolCall
from grokkit.wire.extra import objects
from grokkit.wire.tool_calls import arguments_text

PARAGRAPH = "\n\n"

_TEXT_TYPES = ("output_text", "text")


def parts(item: dict[str, Any], holder: str) -> list[dict[str, Any]]:
    """The parts of an item's `content` or `summary`; a bare string is one part."""
    held = item.get(holder)
    return [{"type": "output_text", "text": held}] if isinstance(held, str) else objects(held)


def part_text(part: dict[str, Any]) -> str:
    """The text of a part."""
    text = part.get("text")
    return text if isinstance(text, str) else ""


def is_text(part: dict[str, Any]) -> bool:
    """Whether a part is text for the user."""
    return part.get("type") in _TEXT_TYPES


def message_text(item: dict[str, Any]) -> str:
    """The text of a `message` item.

    >>> message_text({"content": [{"type": "output_text", "text": "Hi"}, {"type": "refusal", "refusal": "No"}]})
    'Hi'
    """
    return "".join(part_text(part) for part in parts(item, "content") if is_text(part))


def reasoning_texts(item: dict[str, Any]) -> list[str]:
    """The paragraphs of a `reasoning` item: what the model thought, then the summary of it."""
    return [text for holder in ("content", "summary") for part in parts(item, holder) if (text := part_text(part))]


def reasoning_text(items: Iterable[dict[str, Any]]) -> str:
    """The reasoning of all these items."""
    return PARAGRAPH.join(text for item in items if item.get("type") == "reasoning" for text in reasoning_texts(item))


def read_tool_call(item: dict[str, Any]) -> ToolCall:
    """The tool call in a `function_call` item."""
    return ToolCall(id=call_id(item), name=_word(item.get("name")), arguments=arguments_text(item.get("arguments")))


def call_id(item: dict[str, Any]) -> str:
    """What a call's output names it by."""
    return _word(item.get("call_id")) or _word(item.get("id"))


def read_citation(annotation: dict[str, Any]) -> Citation | None:
    """The source in an annotation of a text, if it is one."""
    url = annotation.get("url")
    if not isinstance(url, str):
        return None
    title, start, end = (annotation.get(name) for name in ("title", "start_index", "end_index"))
    return Citation(
        url=url,
        title=title if isinstance(title, str) else None,
        start_index=start if isinstance(start, int) else None,
        end_index=end if isinstance(end, int) else None,
    )


def citations(items: Iterable[dict[str, Any]]) -> list[Citation]:
    """The sources that messages name, in the order of the text."""
    held = [part for item in items if item.get("type") == "message" for part in parts(item, "content")]
    notes = [note for part in held for note in objects(part.get("annotations"))]
    return [citation for note in notes if (citation := read_citation(note))]


def response_finish_reason(response: dict[str, Any]) -> str | None:
    """Why a response ended, in the words of Chat Completions where they fit; None while it has not.

    >>> response_finish_reason({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}})
    'length'
    """
    details = response.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, dict) else None
    if reason and isinstance(reason, str):
        return "length" if reason == "max_output_tokens" else reason
    status = response.get("status")
    if status == "completed":
        calls = any(item.get("type") == "function_call" for item in objects(response.get("output")))
        return "tool_calls" if calls else "stop"
    return status if isinstance(status, str) and status not in {"in_progress", "queued"} else None


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
