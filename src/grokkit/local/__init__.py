"""A small real model on your own machine: no key, no network after the first fetch.

`start()` gives an engine that speaks chat completions and Responses; `pull()` fetches its weights.
"""

from __future__ import annotations

from grokkit.local.engine import Engine, start
from grokkit.local.pip import WeightsUnavailable
from grokkit.local.process import EngineFailed
from grokkit.local.running import Running, find, publish, withdraw
from grokkit.local.weights import Progress, WeightsMismatch, installed, pull

__all__ = [
    "Engine",
    "EngineFailed",
    "Progress",
    "Running",
    "WeightsMismatch",
    "WeightsUnavailable",
    "find",
    "installed",
    "publish",
    "pull",
    "start",
    "withdraw",
]
