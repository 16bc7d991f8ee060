"""Results that are used again: for as long as the tool says, for equal arguments of one tenant, and never of harm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.agents.approval import Decision
from grokkit.agents.execution import Execution
from grokkit.agents.journal import MemoryJournal, RunRecord
from grokkit.agents.results_cache import ResultsCache, cache_key
from grokkit.clock import SystemClock
from grokkit.errors import ConfigInvalid, StoreUnavailable
from grokkit.stores import MemoryStore
from grokkit.tools import Tool, ToolUnfit, tool
from grokkit.wire.events import ToolCall


class Counter:
    """A tool that counts how often it ran."""

    def __init__(self) -> None:
        self.runs = 0

    @tool(effects="read_only", cache_ttl=60)
    def price(self, item: str, count: int = 1) -> str:
        """Price of something."""
        self.runs += 1
        if item == "nothing":
            raise ValueError("no such item")
        return f"{item} {count}: {self.runs}"


async def run(counter: Counter, arguments: str, store: Any, **settings: Any) -> Any:
    """The result of a call in a run of its own."""
    record, journal = RunRecord(), MemoryJournal()
    await journal.begin(record)
    decisions = settings.pop("decisions", None)
    made = Execution(
        [counter.price], journal=journal, claim=record.claim, clock=SystemClock(), results=store, **settings
    )
    call = ToolCall(id="c", name="price", arguments=arguments)
    [result] = (await made.run([call], turn=1, decisions=decisions)).results
    assert (await journal.load(record.id)).calls[0].cached == result.cached
    return result


async def test_equal_arguments_have_the_result_that_was_given_before() -> None:
    counter, store = Counter(), MemoryStore()

    first = await run(counter, '{"item": "tea", "count": 2}', store)
    again = await run(counter, '{"count":2,"item":"tea"}', store)
    other = await run(counter, '{"item": "tea", "count": 3}', store)

    assert [(one.output, one.cached) for one in (first, again, other)] == [
        ("tea 2: 1", False),
        ("tea 2: 1", True),
        ("tea 3: 2", False),
    ]


async def test_a_result_is_not_used_after_its_time() -> None:
    now = [0.0]
    counter, store = Counter(), MemoryStore(lambda: now[0])

    await run(counter, '{"item": "tea"}', store)
    now[0] = 61.0

    assert not (await run(counter, '{"item": "tea"}', store)).cached


async def test_no_tenant_sees_another_s_results() -> None:
    counter, store = Counter(), MemoryStore()

    await run(counter, '{"item": "tea"}', store, tenant="acme")
    other = await run(counter, '{"item": "tea"}', store, tenant="globex")

    assert (other.cached, counter.runs) == (False, 2)


async def test_failures_are_not_kept() -> None:
    counter, store = Counter(), MemoryStore()

    for _ in range(2):
        assert (await run(counter, '{"item": "nothing"}', store)).status == "failed"

    assert counter.runs == 2


async def test_what_was_decided_on_with_other_arguments_is_kept_as_theirs() -> None:
    counter, store = Counter(), MemoryStore()
    decisions = {"c": Decision.with_arguments({"item": "tea"})}

    await run(counter, '{"item": "coffee"}', store, decisions=decisions)

    assert (await run(counter, '{"item": "tea"}', store)).output == "tea 1: 1"
    assert not (await run(counter, '{"item": "coffee"}', store)).cached
    again = await run(counter, '{"item": "coffee"}', store, decisions=decisions)
    assert (again.cached, again.output) == (True, '(run with changed arguments: {"item":"tea"})\ntea 1: 1')


class Away(MemoryStore):
    """A store that cannot be reached."""

    async def get(self, key: str) -> bytes | None:
        raise StoreUnavailable("away")

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        raise StoreUnavailable("away")


@pytest.mark.parametrize("store", [None, Away()])
async def test_without_a_store_the_tool_runs(store: Any) -> None:
    counter = Counter()

    for _ in range(2):
        assert not (await run(counter, '{"item": "tea"}', store)).cached

    assert counter.runs == 2


class Damaged(MemoryStore):
    """A store that has something else under each key, and whose disk cannot be written."""

    async def get(self, key: str) -> bytes | None:
        return b"\xff\xfe"

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        raise ConfigInvalid("read-only")


async def test_a_damaged_store_takes_nobody_s_result_away(caplog: pytest.LogCaptureFixture) -> None:
    counter = Counter()

    result = await run(counter, '{"item": "tea"}', Damaged())

    assert (result.status, result.cached, result.output) == ("done", False, "tea 1: 1")
    assert "grok.tool_result_not_kept of price: read-only" in caplog.text


async def test_half_a_character_in_a_result_is_kept() -> None:
    cache, price = ResultsCache(MemoryStore(), ""), Counter().price
    key = cache.key(price, "{}")

    await cache.put(key, price, "tea \ud83d")

    assert await cache.get(key) == "tea \ud83d"


async def test_the_schema_of_a_tool_is_read_once_however_often_it_is_called() -> None:
    class Read(Tool[..., Any]):
        times = 0

        @property
        def parameters(self) -> dict[str, Any]:
            self.times += 1
            return super().parameters

    read = Counter().price
    read.__class__ = Read
    assert isinstance(read, Read)

    keys = [cache_key(read, '{"item": "tea"}', tenant) for tenant in ("acme", "globex", "acme")]

    assert (keys[0] == keys[2], len({*keys}), read.times) == (True, 2, 1)


def test_a_changed_tool_has_keys_of_its_own() -> None:
    price = Counter().price
    before = cache_key(price, "{}", "")

    assert cache_key(price.changed(name="shop__price"), "{}", "") != before == cache_key(price, "{}", "")


def test_a_key_stays_the_same_from_one_version_to_the_next() -> None:
    twice = Tool.from_schema("twice", "Twice.", {"properties": {"n": {}, "ü": {}}}, dict, effects="read_only")

    key = cache_key(twice, '{"ü": "é", "n": [1.5, null]}', "acmé")

    assert key == "grokkit/tool/45da57c8526434155f8b386d7d1a869567c4a3b2b6dca17658c4233104f9bd7f"


async def test_a_destructive_tool_with_results_to_be_used_again_is_refused() -> None:
    class Sly(Tool[..., Any]):
        effects = "destructive"

    sly = Counter().price
    sly.__class__ = Sly

    with pytest.raises(ToolUnfit, match="results of a destructive tool are never used again"):
        Execution([sly], journal=MemoryJournal(), claim=RunRecord().claim, clock=SystemClock())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(st.text(), JSON, max_size=4)


@given(arguments=ARGUMENTS, indent=st.sampled_from([None, 2]))
def test_the_key_is_the_same_however_the_arguments_are_written(arguments: dict[str, Any], indent: int | None) -> None:
    turned = dict(reversed(arguments.items()))

    written = json.dumps(turned, indent=indent, ensure_ascii=indent is None)

    price = Counter().price
    assert cache_key(price, json.dumps(arguments), "") == cache_key(price, written, "")


@given(one=ARGUMENTS, other=ARGUMENTS)
def test_the_key_differs_where_the_arguments_do(one: dict[str, Any], other: dict[str, Any]) -> None:
    price = Counter().price

    equal = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)

    assert (cache_key(price, json.dumps(one), "") == cache_key(price, json.dumps(other), "")) == equal


@pytest.mark.parametrize("nothing", ["", "  ", "null", "{}"])
def test_no_arguments_are_no_arguments_however_that_is_written(nothing: str) -> None:
    assert cache_key(Counter().price, nothing, "") == cache_key(Counter().price, "{}", "")
