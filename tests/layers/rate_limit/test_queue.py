from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from grokkit.layers.rate_limit.queue import PATIENCE, PRIORITIES, FairQueue, Kind

TENANTS = st.sampled_from("abcd")


def all_of(queue: FairQueue[str]) -> list[str]:
    return [queue.pop() for _ in range(len(queue))]


def test_one_tenant_is_served_in_the_order_of_arrival() -> None:
    queue: FairQueue[int] = FairQueue()
    for item in range(100):
        queue.push(item)

    assert [queue.pop() for _ in range(100)] == list(range(100))
    assert not queue


def test_an_empty_queue_has_no_head() -> None:
    with pytest.raises(LookupError, match="nobody waits"):
        FairQueue[str]().pop()


@given(noisy=st.integers(1, 2000), before=st.integers(0, 50))
def test_a_thousand_calls_of_one_tenant_delay_that_of_another_by_one_turn(noisy: int, before: int) -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(noisy):
        queue.push(f"noisy {number}", tenant="noisy")
    for _ in range(min(before, noisy - 1)):
        queue.pop()

    queue.push("single", tenant="quiet")

    assert "single" in [queue.pop() for _ in range(2)]


def test_tenants_share_by_their_weights() -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    weights = {"a": 3.0, "b": 1.0, "c": 0.5}
    for number in range(900):
        for tenant, weight in weights.items():
            queue.push((tenant, number), tenant=tenant, weight=weight)

    served = Counter(queue.pop()[0] for _ in range(900))

    assert served["a"] == pytest.approx(600, abs=4)
    assert served["b"] == pytest.approx(200, abs=4)
    assert served["c"] == pytest.approx(100, abs=4)


def test_what_costs_more_waits_for_more_turns() -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue()
    for number in range(400):
        queue.push(("dear", number), tenant="dear", cost=4.0)
        queue.push(("cheap", number), tenant="cheap")

    served = Counter(queue.pop()[0] for _ in range(250))

    assert served == {"cheap": pytest.approx(200, abs=5), "dear": pytest.approx(50, abs=5)}


@given(weight=st.floats(1e-6, 1e6), cost=st.floats(1e-3, 1e6), others=st.integers(0, 5))
def test_neither_weight_nor_cost_make_anybody_wait_without_end(weight: float, cost: float, others: int) -> None:
    queue: FairQueue[str] = FairQueue()
    queue.push("odd", tenant="odd", weight=weight, cost=cost)
    for number in range(others):
        queue.push(f"other {number}", tenant=str(number))

    assert sorted(all_of(queue)) == sorted(["odd", *(f"other {number}" for number in range(others))])


def test_higher_priorities_go_first() -> None:
    queue: FairQueue[str] = FairQueue()
    for priority in ("low", "normal", "high", "normal", "what?"):
        queue.push(f"{priority} {len(queue)}", priority=priority)

    assert all_of(queue) == ["high 2", "normal 1", "normal 3", "what? 4", "low 0"]


@pytest.mark.parametrize("low", ["low", "normal"])
def test_who_is_passed_over_for_long_is_next(low: str) -> None:
    queue: FairQueue[str] = FairQueue()
    queue.push("patient", priority=low)
    served = []
    for number in range(100):
        queue.push(f"urgent {number}", priority="high")
        served.append(queue.pop())

    assert served.index("patient") == PATIENCE


def test_one_who_left_takes_no_turn() -> None:
    queue: FairQueue[str] = FairQueue()
    for item in ("a1", "a2", "a3"):
        queue.push(item, tenant="a")
    queue.push("b1", tenant="b")

    assert queue.remove("a2")
    assert not queue.remove("a2")
    assert "a2" not in queue
    assert all_of(queue) == ["a1", "b1", "a3"]


def test_the_head_stays_until_it_is_served() -> None:
    queue: FairQueue[str] = FairQueue()
    for tenant in "abc":
        queue.push(tenant, tenant=tenant)

    assert [queue.head() for _ in range(5)] == ["a"] * 5
    queue.serve("a")
    assert queue.head() == "b"


@given(
    waiting=st.lists(st.tuples(st.sampled_from(PRIORITIES[:2]), TENANTS), max_size=60),
    priority=st.sampled_from(PRIORITIES[:2]),
    tenant=TENANTS,
)
def test_what_is_ahead_is_told_well_enough(waiting: list[tuple[str, str]], priority: str, tenant: str) -> None:
    queue: FairQueue[object] = FairQueue()
    for number, (one, name) in enumerate(waiting):
        queue.push(number, priority=one, tenant=name)
    told = queue.ahead(priority, tenant)

    queue.push("newcomer", priority=priority, tenant=tenant)
    order = [queue.pop() for _ in range(len(queue))]

    tenants = len({name for _, name in waiting})
    assert abs(order.index("newcomer") - told) <= tenants + len(waiting) // PATIENCE


def test_those_for_whom_there_is_no_room_are_passed_by_and_go_first_when_there_is() -> None:
    blocked: set[Kind] = {(1, True)}
    queue: FairQueue[str] = FairQueue(lambda kind: kind not in blocked)
    queue.push("urgent", priority="high", kind=(1, True))
    for item in ("a1", "a2", "a3"):
        queue.push(item)

    assert queue.is_ready
    assert [queue.pop(), queue.pop()] == ["a1", "a2"]
    blocked.clear()
    assert all_of(queue) == ["urgent", "a3"]


def test_where_there_is_room_for_nobody_the_first_is_the_first() -> None:
    queue: FairQueue[str] = FairQueue(lambda _: False)
    queue.push("late")
    queue.push("urgent", priority="high", kind=(1, True))

    assert not queue.is_ready
    assert queue.head() == "urgent"


KINDS: list[Kind] = [(None, True), (1, True), (8, False)]


@given(
    waiting=st.lists(
        st.tuples(st.sampled_from(PRIORITIES), TENANTS, st.sampled_from(KINDS), st.sampled_from([1.0, 2.5])),
        max_size=60,
    ),
    rooms=st.lists(st.sets(st.sampled_from(KINDS)), min_size=1, max_size=60),
)
def test_whoever_has_room_when_all_are_served_and_each_tenant_in_its_order(
    waiting: list[tuple[str, str, Kind, float]], rooms: list[set[Kind]]
) -> None:
    room: set[Kind] = set()
    queue: FairQueue[int] = FairQueue(lambda kind: kind in room)
    for number, (priority, tenant, kind, cost) in enumerate(waiting):
        queue.push(number, priority=priority, tenant=tenant, kind=kind, cost=cost)

    served = []
    for turn in range(len(waiting)):
        room = rooms[turn % len(rooms)]
        ready = queue.is_ready
        head = queue.head()
        assert not ready or waiting[head][2] in room
        served.append(queue.pop())
        assert served[-1] == head or not ready

    assert sorted(served) == list(range(len(waiting)))
    for one in {entry[:3] for entry in waiting}:
        own = [number for number in served if waiting[number][:3] == one]
        assert own == sorted(own)


@given(blocks=st.integers(0, 100))
def test_to_be_passed_by_saves_nothing(blocks: int) -> None:
    room: set[Kind] = set(KINDS)
    queue: FairQueue[str] = FairQueue(lambda kind: kind in room)
    for number in range(50):
        queue.push(f"bounded {number}", tenant="a", kind=KINDS[1])
        queue.push(f"free {number}", tenant="b")
    for _ in range(blocks):
        queue.head()
        room ^= {KINDS[1]}
    room = set(KINDS)

    served = [queue.pop() for _ in range(40)]

    assert 19 <= sum(item.startswith("bounded") for item in served) <= 21


@dataclass
class Waiting:
    """One that waits, as the model has it."""

    item: int
    priority: str
    tenant: str
    passed: Counter[str] = field(default_factory=Counter)


class QueueMachine(RuleBasedStateMachine):
    """Whatever comes, goes and leaves: the order of a tenant is kept, and nobody waits for more than their share."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: FairQueue[int] = FairQueue()
        self.lines: dict[tuple[str, str], deque[Waiting]] = {}
        self.count = 0

    @rule(priority=st.sampled_from(PRIORITIES), tenant=TENANTS, times=st.integers(1, 20))
    def push(self, priority: str, tenant: str, times: int) -> None:
        for _ in range(times):
            self.count += 1
            self.queue.push(self.count, priority=priority, tenant=tenant)
            line = self.lines.setdefault((priority, tenant), deque())
            line.append(Waiting(self.count, priority, tenant))

    @precondition(lambda self: self.queue)
    @rule(times=st.integers(1, 20))
    def pop(self, times: int) -> None:
        for _ in range(min(times, len(self.queue))):
            head = self.queue.head()
            assert self.queue.pop() == head
            served = next(line for line in self.lines.values() if line and line[0].item == head).popleft()
            self.check_turns(served)

    def check_turns(self, served: Waiting) -> None:
        """Each first of a line is passed over by each other tenant of its priority at most once."""
        for line in self.lines.values():
            if line and line[0].priority == served.priority and line[0].tenant != served.tenant:
                line[0].passed[served.tenant] += 1
                assert line[0].passed[served.tenant] <= 2

    @precondition(lambda self: self.queue)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        item = data.draw(st.sampled_from(list(self.queue)))
        assert self.queue.remove(item)
        for line in self.lines.values():
            for one in [one for one in line if one.item == item]:
                line.remove(one)

    @invariant()
    def all_are_there(self) -> None:
        expected = {one.item for line in self.lines.values() for one in line}
        assert set(self.queue) == expected
        assert len(self.queue) == len(expected) == sum(self.queue.waiting().values())


TestQueueMachine = QueueMachine.TestCase
