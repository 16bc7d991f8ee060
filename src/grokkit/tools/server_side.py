"""Tools that run on xAI's servers (Responses only), and the shell that runs on yours: one constructor for each."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict, get_args

from grokkit.tools.refusals import ToolUnfit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ImageAction = Literal["auto", "generate", "edit"]
Approval = Literal["never", "always"]
ServerTool = dict[str, Any]
"""A server-side tool as the request's `tools` lists it."""
_MOST_DOMAINS, _MOST_HANDLES, _MOST_COLLECTIONS = 5, 10, 10
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


class Skill(TypedDict):
    """A skill that the shell's machine has: where its files are, and what they are for."""

    name: str
    description: NotRequired[str]
    path: NotRequired[str]


def web_search(
    *,
    allowed_domains: Sequence[str] | None = None,
    excluded_domains: Sequence[str] | None = None,
    image_understanding: bool | None = None,
    image_search: bool | None = None,
) -> ServerTool:
    """A search of the web ($5 per 1,000 calls): in these domains only, or in all but these (at most 5, not both).

    `image_understanding` lets it look at pictures, `image_search` look for them. Raises `ToolUnfit` for what the
    server would refuse.

    >>> web_search(allowed_domains=["docs.x.ai"])
    {'type': 'web_search', 'allowed_domains': ['docs.x.ai']}
    """
    call = "web_search"
    _one_of(call, allowed_domains=allowed_domains, excluded_domains=excluded_domains)
    return _tool(
        call,
        allowed_domains=_domains(call, "allowed_domains", allowed_domains),
        excluded_domains=_domains(call, "excluded_domains", excluded_domains),
        enable_image_understanding=image_understanding,
        enable_image_search=image_search,
    )


def x_search(
    *,
    allowed_handles: Sequence[str] | None = None,
    excluded_handles: Sequence[str] | None = None,
    from_date: date | str | None = None,
    to_date: date | str | None = None,
    image_understanding: bool | None = None,
    video_understanding: bool | None = None,
) -> ServerTool:
    """A search of posts on X ($5 per 1,000 posts, $10 per 1,000 profiles): of these handles only, or of all but these.

    At most 10 handles, without @, not both lists; dates are days (`date` or `YYYY-MM-DD`). Raises `ToolUnfit` for what
    the server would refuse.

    >>> x_search(allowed_handles=["@xai"], from_date="2026-09-01")
    {'type': 'x_search', 'allowed_x_handles': ['xai'], 'from_date': '2026-09-01'}
    """
    call = "x_search"
    _one_of(call, allowed_handles=allowed_handles, excluded_handles=excluded_handles)
    first, last = _day(call, "from_date", from_date), _day(call, "to_date", to_date)
    if first and last and first > last:
        raise ToolUnfit(f"{call}: from_date {first} is after to_date {last}", param="from_date")
    return _tool(
        call,
        allowed_x_handles=_handles(call, "allowed_handles", allowed_handles),
        excluded_x_handles=_handles(call, "excluded_handles", excluded_handles),
        from_date=first,
        to_date=last,
        enable_image_understanding=image_understanding,
        enable_video_understanding=video_understanding,
    )


def code_execution() -> ServerTool:
    """Python that the model writes and xAI runs ($5 per 1,000 calls).

    >>> code_execution()
    {'type': 'code_interpreter'}
    """
    return _tool("code_interpreter")


def collections_search(collections: Sequence[str], *, most: int | None = None) -> ServerTool:
    """A search of your collections ($2.50 per 1,000 calls), by their ids, at most 10; `most` bounds the results.

    >>> collections_search(["collection_1"], most=5)
    {'type': 'file_search', 'vector_store_ids': ['collection_1'], 'max_num_results': 5}
    """
    call = "collections_search"
    ids = _listed(call, "collections", collections, _MOST_COLLECTIONS)
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
        raise ToolUnfit(f"{call}: most={most!r} must be a whole number above 0", param="most")
    return _tool("file_search", vector_store_ids=ids, max_num_results=most)


def mcp(
    url: str,
    *,
    label: str,
    description: str | None = None,
    allowed_tools: Sequence[str] | None = None,
    authorization: str | None = None,
    headers: Mapping[str, str] | None = None,
    require_approval: Approval | None = None,
    connector_id: str | None = None,
    defer_loading: bool | None = None,
) -> ServerTool:
    """The tools of a remote MCP server, which xAI calls by itself (tokens only).

    `authorization` and `headers` are sent to that server; the dictionary holds them in clear, so print it with care.
    `label` tells the server's tools from others; `defer_loading` leaves them to `tool_search`.

    >>> mcp("https://mcp.example.com/sse", label="tickets", allowed_tools=["find"])["server_label"]
    'tickets'
    """
    call = "mcp"
    if not url.startswith(("https://", "http://")):
        raise ToolUnfit(f"{call}: url={url!r} is no address of a server: https://...", param="url")
    if not label:
        raise ToolUnfit(f"{call}: label is empty: name the server", param="label")
    _one_word(call, "require_approval", require_approval, get_args(Approval))
    return _tool(
        call,
        server_url=url,
        server_label=label,
        server_description=description,
        allowed_tools=_listed(call, "allowed_tools", allowed_tools, None),
        authorization=authorization,
        headers=dict(headers) if headers is not None else None,
        require_approval=require_approval,
        connector_id=connector_id,
        defer_loading=defer_loading,
    )


def image_generation(*, action: ImageAction | None = None) -> ServerTool:
    """Images that the model makes or edits (at the rates of Imagine): `auto` (both), `generate` or `edit`.

    >>> image_generation(action="edit")
    {'type': 'image_generation', 'action': 'edit'}
    """
    _one_word("image_generation", "action", action, get_args(ImageAction))
    return _tool("image_generation", action=action)


def tool_search() -> ServerTool:
    """A search among tools with `defer_loading`, which the model does not see before it has found them.

    >>> tool_search()
    {'type': 'tool_search', 'execution': 'server'}
    """
    return _tool("tool_search", execution="server")


def shell(*, skills: Sequence[Skill] = ()) -> ServerTool:
    """A shell on your side: the model asks for commands, you run them and send back what they say.

    >>> shell()
    {'type': 'shell', 'environment': {'type': 'local'}}
    """
    environment: dict[str, Any] = {"type": "local"}
    if skills:
        environment["skills"] = [dict(skill) for skill in skills]
    return _tool("shell", environment=environment)


def _tool(type_: str, **options: object) -> ServerTool:
    return {"type": type_, **{name: value for name, value in options.items() if value is not None}}


def _one_of(call: str, **lists: Sequence[str] | None) -> None:
    given = [name for name, values in lists.items() if values is not None]
    if len(given) > 1:
        raise ToolUnfit(f"{call}: {' and '.join(given)} exclude each other: give one of them", param=given[1])


def _one_word(call: str, name: str, value: str | None, known: Sequence[str]) -> None:
    if value is not None and value not in known:
        raise ToolUnfit(f"{call}: {name}={value!r} is none of {', '.join(map(repr, known))}", param=name)


def _listed(call: str, name: str, values: Sequence[str] | None, most: int | None) -> list[str] | None:
    if values is None:
        return None
    if isinstance(values, str) or not all(isinstance(value, str) and value for value in values):
        raise ToolUnfit(f"{call}: {name} must be a list of texts, got {values!r}", param=name)
    if not values or (most is not None and len(values) > most):
        raise ToolUnfit(f"{call}: {name} has {len(values)} entries: 1 to {most or 'any number'} are taken", param=name)
    return list(values)


def _domains(call: str, name: str, values: Sequence[str] | None) -> list[str] | None:
    domains = _listed(call, name, values, _MOST_DOMAINS)
    for domain in domains or ():
        if not _DOMAIN.fullmatch(domain):
            raise ToolUnfit(f"{call}: {name} has {domain!r}: name the domain alone, such as wikipedia.org", param=name)
    return domains


def _handles(call: str, name: str, values: Sequence[str] | None) -> list[str] | None:
    handles = _listed(call, name, values, _MOST_HANDLES)
    return None if handles is None else [handle.removeprefix("@") for handle in handles]


def _day(call: str, name: str, value: date | str | None) -> str | None:
    if value is None:
        return None
    try:
        return (value if isinstance(value, date) else date.fromisoformat(value)).strftime("%Y-%m-%d")
    except (TypeError, ValueError):
        raise ToolUnfit(f"{call}: {name}={value!r} is no day such as 2026-11-02", param=name) from None
