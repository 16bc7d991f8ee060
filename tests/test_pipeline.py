from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from grokkit.call import Call, Reply
from grokkit.config import Fallback, Hedge, Policies, Retry
from grokkit.errors import ConfigInvalid
from grokkit.pipeline import ORDER, Stack, Stacks, by_ring, in_order, switched_on

if TYPE_CHECKING:
    from grokkit.call import Next

CALL = Call(method="GET", base_url="http://127.0.0.1/v1", path="/models", operation="models", id="c-1")


class Named:
    def __init__(self, name: str, ring: object = "call") -> None:
        self.name = name
        self.ring = ring

    def __repr__(self) -> str:
        return self.name

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        reply = await call_next(call.replace(context={**call.context, self.name: len(call.context)}))
        reply.context[self.name] = len(reply.context)
        return reply


class Exchange:
    def __repr__(self) -> str:
        return "exchange"

    async def __call__(self, call: Call) -> Reply:
        reply = Reply(200, {}, body=b"")
        reply.context["seen"] = dict(call.context)
        return reply


async def test_the_first_layer_is_the_outermost() -> None:
    stack = Stack([Named("a"), Named("b"), Named("c")], Exchange())

    reply = await stack(CALL)

    assert reply.context["seen"] == {"a": 0, "b": 1, "c": 2}
    assert [name for name in reply.context if name != "seen"] == ["c", "b", "a"]


def test_a_stack_is_shown_a_layer_a_line() -> None:
    stack = Stack([Named("a"), Named("b")], Exchange())

    assert str(stack) == "a\nb\nexchange"
    assert repr(stack) == "<Stack a > b > exchange>"


async def test_a_stack_without_layers_is_the_exchange() -> None:
    assert (await Stack([], Exchange())(CALL)).status == 200


def test_layers_come_in_the_order_that_is_written_once() -> None:
    table = {slot: [Named(slot)] for slot in reversed(ORDER)}

    assert [repr(layer) for layer in in_order(table)] == list(ORDER)


def test_a_slot_that_is_empty_is_absent() -> None:
    assert in_order({"auth": [], "log": []}) == []


def test_an_unknown_slot_is_refused() -> None:
    with pytest.raises(ValueError, match="no such slot in the pipeline: atuh"):
        in_order({"atuh": []})


def test_the_order_has_both_rings_of_your_own_around_the_retries() -> None:
    assert ORDER.index("call layers") < ORDER.index("retry") < ORDER.index("attempt layers") < ORDER.index("auth")


def test_layers_are_sorted_by_ring_and_keep_their_order() -> None:
    a, b, c, d = Named("a"), Named("b", "attempt"), Named("c"), Named("d", "attempt")

    assert by_ring([a, b, c, d]) == {"call layers": [a, c], "attempt layers": [b, d]}


async def function(call: Call, call_next: Next) -> Reply:
    return await call_next(call)


async def other_names(request: Call, following: Next) -> Reply:
    return await following(request)


def test_a_function_is_a_layer() -> None:
    assert by_ring([function])["call layers"] == [function]


@pytest.mark.parametrize(
    ("layer", "hint"),
    [
        (Named, "pass an instance: layers=[Named()]"),
        ("trace", "write async def __call__(self, call, call_next)"),
        (other_names, "write async def __call__(self, call, call_next)"),
        (lambda: None, "write async def __call__(self, call, call_next)"),
        (Named("a", "attempts"), 'ring is "call" or "attempt"'),
        (Named("a", ["attempt"]), 'ring is "call" or "attempt"'),
    ],
)
def test_what_can_be_no_layer_is_refused_when_the_client_is_made(layer: Any, hint: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        by_ring([layer])

    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("policies", "slots"),
    [
        (Policies(), {"retry", "rate_limit", "circuit"}),
        (Policies(retries=Retry(max=0)), {"rate_limit", "circuit"}),
        (Policies(hedge=Hedge(after=1), coalesce=True), {"retry", "rate_limit", "circuit", "hedge", "coalesce"}),
        (Policies(fallback=Fallback(to=("grok-4.3",))), {"retry", "rate_limit", "circuit", "fallback"}),
    ],
)
def test_a_policy_that_is_off_asks_for_no_layer(policies: Policies, slots: set[str]) -> None:
    assert switched_on(policies) == slots


def test_each_choice_of_layers_has_one_stack() -> None:
    retry, circuit = Named("retry"), Named("circuit")
    stacks = Stacks({"log": [Named("log")]}, {"retry": lambda: retry, "circuit": lambda: circuit}, Exchange())

    usual, without = stacks.of(Policies()), stacks.of(Policies(retries=Retry(max=0)))

    assert str(usual) == "retry\ncircuit\nlog\nexchange"
    assert str(without) == "circuit\nlog\nexchange"
    assert stacks.of(Policies(tenant="a")) is usual
