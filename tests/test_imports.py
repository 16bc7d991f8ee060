"""What importing costs: which modules are loaded when, and that nothing is read or started before a client is made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from typing import Any

import pytest

import grokkit

EXTRAS = ["click", "rich", "xllamacpp", "httpx2", "yaml", "starlette", "uvicorn", "pytest", "hypothesis"]
HEAVY = ["aiohttp", "msgspec", "asyncio", "ssl", "http.client", "importlib.metadata", "dataclasses", "inspect"]


def tell(script: str, **environment: str) -> Any:
    """What a script in an interpreter of its own prints as JSON."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GROKKIT_", "XAI_"))}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**clean, "GROKKIT_CONFIG": "none", **environment},
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    return json.loads(finished.stdout)


LOADED = """
    import json, sys
    before = set(sys.modules)
    {what}
    print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_importing_the_package_loads_next_to_nothing() -> None:
    loaded = tell(LOADED.format(what="import grokkit"))

    assert not set(EXTRAS + HEAVY) & set(loaded)
    assert [name for name in loaded if name.startswith("grokkit")] == ["grokkit", "grokkit._lazy"]
    assert len(loaded) < 40


@pytest.mark.parametrize("what", ["from grokkit import Grok", "from grokkit import AsyncGrok", "import grokkit.models"])
def test_importing_a_client_loads_no_transport_and_no_extra(what: str) -> None:
    loaded = tell(LOADED.format(what=what))

    assert not {"aiohttp", "yarl", *EXTRAS} & set(loaded)


def test_making_a_client_loads_no_extra_and_no_testing() -> None:
    loaded = tell(LOADED.format(what="from grokkit import Grok; Grok(api_key='k')"))

    assert "aiohttp" in loaded
    assert not set(EXTRAS) & set(loaded)
    assert not [name for name in loaded if name.startswith(("grokkit.testing", "grokkit.cli.", "grokkit.local"))]


READS = """
    import json, os, sys

    reads, readers = [], []

    class Watched(dict):
        def __getitem__(self, name):
            return self.note(name, super().__getitem__)
        def get(self, name, default=None):
            return self.note(name, lambda name: dict.get(self, name, default))
        def __contains__(self, name):
            return self.note(name, super().__contains__)
        def note(self, name, read):
            reader = sys._getframe(2).f_globals.get("__name__", "")
            if reader.startswith("grokkit"):
                readers.append([reader, name])
            return read(name)
        def __iter__(self):
            return iter(list(self.keys()))

    os.environ = Watched(os.environ)
    os.getenv = os.environ.get
    code = tuple(os.path.realpath(path) for path in [*sys.path, sys.prefix, sys.base_prefix] if path)

    def watch(event, arguments):
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not path.startswith(code):
                reads.append(path)
        elif event in {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "_thread.start_new_thread"}:
            reads.append(event)

    sys.addaudithook(watch)
    import grokkit
    for name in grokkit.__all__:
        getattr(grokkit, name)
    import grokkit.sync, grokkit.testing, grokkit.models, grokkit.transport.aiohttp
    at_import = [list(reads), list(readers)]
    grokkit.Grok()
    print(json.dumps({"import": at_import, "made": [name for _, name in readers]}))
"""


def test_nothing_is_read_connected_or_started_at_import() -> None:
    told = tell(READS)

    assert told["import"] == [[], []]
    assert "XAI_API_KEY" in told["made"] or "HOME" in told["made"]  # the watch works


def test_every_name_can_be_had_by_from_import() -> None:
    for name in grokkit.__all__:
        namespace: dict[str, object] = {}
        exec(f"from grokkit import {name}", namespace)
        assert namespace[name] == getattr(grokkit, name)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'grokkit' has no attribute 'Gork'"):
        _ = grokkit.Gork  # type: ignore[attr-defined]
