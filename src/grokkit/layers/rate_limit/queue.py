"""Who is next: by priority, then fairly between tenants, then in the order of arrival. A data structure, no waiting.

* Priorities are strict, with one exception, by which nobody starves: who was passed over `PATIENCE` times in a row by
  higher ones is next.
* Tenants of one priority take turns (deficit round robin). In its turn a tenant gets as much as its weight; what costs
  more than it has saved waits for further turns. A tenant with a thousand calls delays that of another by one turn.
* Items are of kinds, and there may be no room for those of one kind: while there is for others, they are passed by, and
  keep what they have. A tenant's items of two kinds take turns as if they were those of two tenants.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from math import ceil
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator

T = TypeVar("T", bound="Hashable")

PRIORITIES: tuple[str, ...] = ("high", "normal", "low")
PATIENCE = 16

Kind = tuple[int | None, bool]
"""What an item says of how many may run beside it: `concurrency` and `adaptive` of its policy."""
ANY: Kind = (None, True)


def _always(_kind: Kind) -> bool:
    return True


class FairQueue(Generic[T]):
    """Items that wait. Each operation takes a time that does not grow with the number of items.

    `has_room` says of a kind whether there is room for it now.

    >>> queue: FairQueue[str] = FairQueue()
    >>> for item in ("a1", "a2", "a3"):
    ...     queue.push(item, tenant="a")
    >>> queue.push("b1", tenant="b")
    >>> queue.push("urgent", priority="high")
    >>> [queue.pop() for _ in range(len(queue))]
    ['urgent', 'a1', 'b1', 'a2', 'a3']
    """

    def __init__(self, has_room: Callable[[Kind], bool] = _always) -> None:
        self._has_room = has_room
        self._lines = [_Line[T]() for _ in PRIORITIES]
        self._places: dict[T, tuple[_Line[T], _Tenant[T]]] = {}
        self._kinds: Counter[Kind] = Counter()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, item: object) -> bool:
        return item in self._places

    def __iter__(self) -> Iterator[T]:
        return iter(tuple(self._places))

    @property
    def is_ready(self) -> bool:
        """Whether there is room for the first of any kind that waits."""
        return any(map(self._has_room, self._kinds))

    def push(
        self,
        item: T,
        *,
        priority: str = "normal",
        tenant: str = "",
        kind: Kind = ANY,
        weight: float = 1.0,
        cost: float = 1.0,
    ) -> None:
        """Let an item wait. An unknown priority is taken for `normal`."""
        line = self._line(priority)
        self._places[item] = line, line.push(item, (tenant, kind), weight, cost)
        self._kinds[kind] += 1

    def head(self) -> T:
        """The item that is next, which stays where it is. Raises `LookupError` when there is none."""
        if not self._places:
            raise LookupError("nobody waits")
        without_room = self._without_room()
        return self._next_line(without_room).head(without_room)

    def pop(self) -> T:
        """The item that is next, out of the queue. Raises `LookupError` when there is none."""
        item = self.head()
        self.serve(item)
        return item

    def serve(self, item: T) -> None:
        """Take an item out, at the expense of its tenant's turn. Raises `LookupError` when it does not wait."""
        served, tenant = self._places.pop(item)
        self._drop_kind(tenant)
        served.serve(item, tenant)
        served.passed_over = 0
        for line in self._lines[self._lines.index(served) + 1 :]:
            line.passed_over = line.passed_over + 1 if len(line) else 0

    def remove(self, item: T) -> bool:
        """Take an item out that gave up; False when it does not wait."""
        place = self._places.pop(item, None)
        if place is None:
            return False
        line, tenant = place
        self._drop_kind(tenant)
        line.drop(item, tenant)
        return True

    def ahead(self, priority: str = "normal", tenant: str = "", kind: Kind = ANY, weight: float = 1.0) -> int:
        """About how many would be served before one that came now."""
        line = self._line(priority)
        higher = sum(len(one) for one in self._lines[: self._lines.index(line)])
        return higher + line.ahead((tenant, kind), weight)

    def waiting(self) -> dict[str, int]:
        """How many wait, by priority."""
        return {name: len(line) for name, line in zip(PRIORITIES, self._lines, strict=True)}

    def _line(self, priority: str) -> _Line[T]:
        return self._lines[PRIORITIES.index(priority) if priority in PRIORITIES else 1]

    def _drop_kind(self, tenant: _Tenant[T]) -> None:
        kind = tenant.name[1]
        self._kinds[kind] -= 1
        if not self._kinds[kind]:
            del self._kinds[kind]

    def _without_room(self) -> Collection[Kind]:
        """The kinds to pass by: none where there is room for no kind, or but one waits."""
        if len(self._kinds) <= 1:
            return ()
        kinds = [kind for kind in self._kinds if not self._has_room(kind)]
        return kinds if len(kinds) < len(self._kinds) else ()

    def _next_line(self, without_room: Collection[Kind]) -> _Line[T]:
        lines = [line for line in self._lines if line.has_others(without_room)]
        for line in reversed(lines):
            if line.passed_over >= PATIENCE:
                return line
        return lines[0]


class _Tenant(Generic[T]):
    """What one tenant has waiting of a kind, in the order of arrival, and how much of its turns it has saved."""

    __slots__ = ("costs", "name", "saved", "weight")

    def __init__(self, name: tuple[str, Kind]) -> None:
        self.name = name
        self.costs: OrderedDict[T, float] = OrderedDict()
        self.weight = 1.0
        self.saved = 0.0

    @property
    def first(self) -> T:
        return next(iter(self.costs))

    @property
    def missing(self) -> float:
        """What it has yet to save for its first item; nothing or less when its turn is now."""
        return self.costs[self.first] - self.saved


class _Line(Generic[T]):
    """Those of one priority: the tenants in a ring, of which the first has its turn."""

    def __init__(self) -> None:
        self.passed_over = 0
        self._ring: OrderedDict[tuple[str, Kind], _Tenant[T]] = OrderedDict()
        self._turn: _Tenant[T] | None = None
        """Who has its turn, and was given its weight for it."""
        self._count = 0
        self._weights = 0.0

    def __len__(self) -> int:
        return self._count

    def has_others(self, kinds: Collection[Kind]) -> bool:
        """Whether anything waits in it that is of none of these kinds."""
        return any(name[1] not in kinds for name in self._ring) if kinds else bool(self._ring)

    def push(self, item: T, name: tuple[str, Kind], weight: float, cost: float) -> _Tenant[T]:
        tenant = self._ring.get(name)
        if tenant is None:
            tenant = self._ring[name] = _Tenant(name)
            self._weights += weight
        else:
            self._weights += weight - tenant.weight
        tenant.weight = weight
        tenant.costs[item] = cost
        self._count += 1
        return tenant

    def head(self, without_room: Collection[Kind] = ()) -> T:
        while (tenant := self._whose_turn(without_room)) is None:
            saving = [tenant for tenant in self._ring.values() if tenant.name[1] not in without_room]
            rounds = min(ceil(tenant.missing / tenant.weight) for tenant in saving) - 1
            for tenant in saving:
                tenant.saved += rounds * tenant.weight
        return tenant.first

    def serve(self, item: T, tenant: _Tenant[T]) -> None:
        tenant.saved -= tenant.costs[item]
        self.drop(item, tenant)

    def drop(self, item: T, tenant: _Tenant[T]) -> None:
        del tenant.costs[item]
        self._count -= 1
        if not tenant.costs:
            del self._ring[tenant.name]
            self._weights = self._weights - tenant.weight if self._ring else 0.0

    def ahead(self, name: tuple[str, Kind], weight: float) -> int:
        own = self._ring.get(name)
        mine, others = (len(own.costs), self._weights - own.weight) if own else (0, self._weights)
        turns = ceil((mine + 1) * others / weight)
        return mine + min(self._count - mine, turns)

    def _first(self) -> _Tenant[T]:
        return next(iter(self._ring.values()))

    def _whose_turn(self, without_room: Collection[Kind]) -> _Tenant[T] | None:
        """The tenant that can pay for its first item, after at most one turn of each; None when none can."""
        for _ in range(len(self._ring) + 1):
            tenant = self._first()
            if tenant.name[1] in without_room:
                if tenant is self._turn:
                    tenant.saved = max(0.0, tenant.saved - tenant.weight)
            else:
                if tenant is not self._turn:
                    tenant.saved += tenant.weight
                    self._turn = tenant
                if tenant.missing <= 0.0:
                    return tenant
            self._ring.move_to_end(tenant.name)
            self._turn = None
        return None
