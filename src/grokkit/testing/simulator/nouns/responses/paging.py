"""The listing of what a stored response was given, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grokkit.testing.simulator.refusal import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grokkit.testing.simulator.nouns.responses.inputs import Item

_PAGE, _MOST = 20, 100
_ORDERS = {"asc", "desc"}


def entries(response_id: str, given: Sequence[Item]) -> list[Item]:
    """The items with ids, texts as parts: what is listed."""
    return [_entry(item, f"{response_id}_{number}") for number, item in enumerate(given)]


def page(listed: Sequence[Item], query: Mapping[str, str]) -> dict[str, Any]:
    """One page: `limit` (1 to 100, default 20), `order` (`asc`, `desc`), `after` (an item's id). Raises 400.

    >>> page([{"id": "a"}, {"id": "b"}], {"limit": "1", "order": "desc"})["first_id"]
    'b'
    """
    limit = _limit(query.get("limit", ""))
    order = query.get("order") or "asc"
    if order not in _ORDERS:
        raise invalid(f"Invalid value for `order`: {order}. Use asc or desc.")
    items = list(listed) if order == "asc" else list(reversed(listed))
    start = _start(items, query.get("after"))
    shown = items[start : start + limit]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": start + limit < len(items),
    }


def _limit(text: str) -> int:
    if not text:
        return _PAGE
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _MOST:
        raise invalid(f"Invalid value for `limit`: must be between 1 and {_MOST}")
    return int(text)


def _start(items: Sequence[Item], after: str | None) -> int:
    if not after:
        return 0
    places = [index for index, item in enumerate(items) if item["id"] == after]
    if not places:
        raise invalid(f"Invalid value for `after`: no item with id {after}")
    return places[0] + 1


def _entry(item: Item, tail: str) -> Item:
    kind = item["type"]
    entry = {name: value for name, value in item.items() if value is not None}
    entry["id"] = item.get("id") or f"{'msg' if kind == 'message' else 'item'}_{tail}"
    if kind == "message" and isinstance(item["content"], str):
        part = "output_text" if item["role"] == "assistant" else "input_text"
        entry["content"] = [{"type": part, "text": item["content"]}]
    return entry
