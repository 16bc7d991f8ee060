"""Locks in a forked child: a thread of the parent may hold one, and is not there to let go of it."""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet


class Locked(Protocol):
    """Something with a lock."""

    lock: threading.Lock


def new_lock(owner: Locked) -> threading.Lock:
    """A lock for its owner, who gets another one in each forked child."""
    _owners.add(owner)
    return threading.Lock()


_owners: WeakSet[Locked] = WeakSet()


def _renew() -> None:
    for owner in list(_owners):
        owner.lock = threading.Lock()


os.register_at_fork(after_in_child=_renew)
