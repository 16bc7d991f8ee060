"""The benchmarks of tools and of the answer cache measure what they say, and hold it against their budgets."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
FUNCTIONS = ("weather", "order_status", "plan_trip")


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def answers(script: str, *operations: str, url: str = "", arguments: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What a peer's script says to each operation, made thrice."""
    commands = [
        {"client": "one", "face": "async", "operation": name, "url": url, "calls": 3, "concurrency": 1}
        for name in operations
    ]
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "peers" / script), *arguments],
        input="".join(json.dumps(command) + "\n" for command in commands),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"PYTHONPATH": str(BENCHMARKS)},
    )
    return [json.loads(line) for line in done.stdout.splitlines()[1:]]


@pytest.mark.parametrize("script", ["by_hand.py", "grokkit_tools.py", "openai_tools.py"])
def test_every_client_brings_what_the_functions_return(script: str, part: Callable[[str], Any]) -> None:
    said = answers(script, *FUNCTIONS)

    wanted = [3 * len(part("functions").RESULTS[name]) for name in FUNCTIONS]
    assert [answer.get("characters") for answer in said] == wanted, said


def test_calls_within_a_run_go_on_from_one_run_to_the_next(part: Callable[[str], Any]) -> None:
    said = answers("grokkit_tools.py", *["run"] * 5, *["run_cached"] * 5)

    assert {answer.get("characters") for answer in said} == {3 * len(part("functions").RESULTS["order_status"])}, said


async def test_an_operation_that_brings_something_else_is_an_error(part: Callable[[str], Any]) -> None:
    functions = part("functions")

    async def wrong(_name: str, _arguments: str) -> str:
        return "Oslo: sun"

    with pytest.raises(ValueError, match="weather brought 'Oslo: sun' instead of"):
        await functions.checked(wrong, "weather")()


@pytest.mark.parametrize("where", ["memory", "sqlite"])
def test_calls_are_answered_out_of_the_cache(where: str, tmp_path: Path) -> None:
    place = where if where == "memory" else f"sqlite:///{tmp_path}/answers.db"
    command = [sys.executable, str(BENCHMARKS / "stub.py"), "--chunks", "20"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stub:
        assert stub.stdout is not None
        assert stub.stdin is not None
        facts = json.loads(stub.stdout.readline())
        operations = ("chat", "responses", "ask", "chat_stream", "responses_stream")

        said = answers("grokkit_client.py", *operations, url=f"{facts['url']}/v1", arguments=("--cache", place))

        stub.stdin.close()
    plain, streamed = 3 * facts["plain_characters"], 3 * facts["stream_characters"]
    assert [answer.get("characters") for answer in said] == [plain] * 3 + [streamed] * 2, said


def test_budgets_speak_about_what_was_measured_and_nothing_else(part: Callable[[str], Any]) -> None:
    result = part("scenarios").Result
    results = {
        "tool-async": {"grokkit": result([2.0, 2.0]), "pydantic-ai": result([5.0, 4.0])},
        "tool-nested": {"grokkit": result([9.0])},
        "cache-ask-1": {"grokkit": result([300.0]), "from memory": result([30.0]), "from SQLite": result([240.0])},
    }

    said = [*part("budgets").tool_verdicts(results), *part("budgets").cache_verdicts(results)]

    assert [(one.budget, one.measured, one.passed) for one in said] == [
        ("tool call, async: times pydantic-ai", 0.45, True),
        ("ask() from memory, as a share of the call", 0.1, True),
        ("ask() from SQLite, as a share of the call", 0.8, False),
    ]


def test_each_table_has_its_own_floor(part: Callable[[str], Any]) -> None:
    report, result = part("report"), part("scenarios").Result
    run = report.Run({"Python": "3"}, results={"tool-sync": {"by hand": result([10.0]), "grokkit": result([5.0])}})

    text = report.as_text(run)

    assert "tool call, client CPU in us per call" in text
    assert "ratio to by hand" in text
    assert "0.50x" in text
    assert "out of the cache" not in text


def test_peers_that_share_a_library_share_its_environment(part: Callable[[str], Any]) -> None:
    environments = part("environments")

    homes = {peer.name: peer.home.name for peer in environments.CACHE_PEERS + environments.TOOL_PEERS}

    assert homes["from memory"] == homes["from SQLite"] == homes["grokkit"] == "grokkit"
    assert homes["by hand"] == "by hand"
