"""Server-side tools: the fields that the API documents, and refusals before it refuses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from grokkit.testing import Simulator
from grokkit.tools import (
    ToolUnfit,
    code_execution,
    collections_search,
    image_generation,
    mcp,
    shell,
    tool_search,
    web_search,
    x_search,
)

ALL = [
    web_search(excluded_domains=["example.com"], image_understanding=True, image_search=False),
    x_search(excluded_handles=["xai"], from_date=date(2026, 1, 2), to_date="2026-02-03", video_understanding=True),
    code_execution(),
    collections_search(["c1", "c2"], most=3),
    mcp(
        "https://mcp.example.com",
        label="tickets",
        description="Tickets.",
        allowed_tools=["find"],
        authorization="token",
        headers={"x-team": "blue"},
        require_approval="never",
        connector_id="c1",
        defer_loading=True,
    ),
    image_generation(action="auto"),
    tool_search(),
    shell(skills=[{"name": "deploy", "description": "Deploys.", "path": "/skills/deploy"}]),
]


@pytest.mark.parametrize("offered", ALL, ids=lambda offered: offered["type"])
def test_the_server_takes_them(offered: dict[str, Any]) -> None:
    grok = Simulator(seed=1).grok()

    assert grok.responses.create(model="grok-4.7", input="Hello", tools=[offered]).text


def test_fields_have_the_api_s_names() -> None:
    assert ALL[0] == {
        "type": "web_search",
        "excluded_domains": ["example.com"],
        "enable_image_understanding": True,
        "enable_image_search": False,
    }
    assert ALL[1] == {
        "type": "x_search",
        "excluded_x_handles": ["xai"],
        "from_date": "2026-01-02",
        "to_date": "2026-02-03",
        "enable_video_understanding": True,
    }
    assert ALL[4]["server_url"] == "https://mcp.example.com"
    assert x_search(from_date=datetime(2026, 1, 2, 3, 4))["from_date"] == "2026-01-02"  # noqa: DTZ001 - a day has no zone


@pytest.mark.parametrize(
    ("make", "options", "said"),
    [
        (web_search, {"allowed_domains": ["a.io"], "excluded_domains": ["b.io"]}, "exclude each other"),
        (web_search, {"allowed_domains": ["a.io"] * 6}, "has 6 entries: 1 to 5 are taken"),
        (web_search, {"allowed_domains": []}, "has 0 entries"),
        (web_search, {"allowed_domains": "a.io"}, "must be a list of texts"),
        (web_search, {"allowed_domains": ["https://a.io/b"]}, "name the domain alone"),
        (x_search, {"allowed_handles": ["a"] * 11}, "1 to 10 are taken"),
        (x_search, {"from_date": "yesterday"}, "is no day such as 2026-11-02"),
        (x_search, {"from_date": "2026-01-02", "to_date": "2026-01-01"}, "is after to_date"),
        (collections_search, {"collections": ["c"], "most": 0}, "whole number above 0"),
        (mcp, {"url": "mcp.example.com", "label": "a"}, "is no address"),
        (mcp, {"url": "https://mcp.example.com", "label": ""}, "label is empty"),
        (mcp, {"url": "https://mcp.example.com", "label": "a", "require_approval": "maybe"}, "'never', 'always'"),
        (image_generation, {"action": "draw"}, "is none of 'auto', 'generate', 'edit'"),
    ],
)
def test_what_the_server_would_refuse_is_refused_at_once(make: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolUnfit) as refused:
        make(**options)

    assert said in str(refused.value)
