"""`grokkit simulate`: served for other programs, scripted by a file, stopped in good order."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.cli.simulate.access import KEPT, AccessLog
from grokkit.cli.simulate.places import read, told
from grokkit.cli.simulate.values import read_fault, read_rate_limit
from grokkit.errors import Misused
from grokkit.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Start = Callable[..., subprocess.Popen[str]]

SCRIPT = """\
[[on]]
model = "grok-4.7"
last = "weather"
reply.text = "Rainy."
then = ["Still rainy.", { status = 503, retry_after = 2 }]

[[on]]
last = { pattern = "^order \\\\d+" }
reply.tool_calls = [{ name = "look_up", arguments = { order = 7 } }]

[[on]]
last = "long"
reply.text = "A long answer that is cut."
reply.fault = { cut_at_byte = 20 }
"""


class Served:
    """A running `grokkit simulate`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.told: dict[str, str] = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")

    def ask(self, text: str) -> tuple[int, Any]:
        """Status and body of a chat request."""
        body = {"model": "grok-4.7", "messages": [{"role": "user", "content": text}]}
        headers = {"Authorization": f"Bearer {self.told['key']}", "Content-Type": "application/json"}
        url = f"{self.told['base_url']}/chat/completions"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def say(self, text: str) -> str:
        """What the model says."""
        return str(self.ask(text)[1]["choices"][0]["message"]["content"])

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Stop it; its exit status and what it wrote on standard error."""
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@pytest.fixture
def serve(start: Start) -> Callable[..., Any]:
    @contextmanager
    def serve(*arguments: str) -> Iterator[Served]:
        process = start("simulate", "--json", *arguments)
        try:
            yield Served(process)
        finally:
            process.kill()
            process.communicate()

    return serve


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_it_is_stopped_in_good_order(serve: Callable[..., Any], how: signal.Signals) -> None:
    with serve() as served:
        answered = served.say("What is 17*23?")
        status, said = served.stop(how)

    assert "391" in answered
    assert status == 0
    assert f"export XAI_API_KEY={served.told['key']}" in said
    assert f"curl {served.told['base_url']}/chat/completions" in said
    assert "Traceback" not in said


def test_the_address_alone_is_on_standard_output(start: Start) -> None:
    process = start("simulate")
    assert process.stdout is not None

    address = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1\n", address)
    assert rest == ""


def test_the_openai_client_and_ours_run_as_the_printed_lines_say(
    serve: Callable[..., Any], environment: dict[str, str], tmp_path: Path
) -> None:
    with serve() as served:
        _, said = served.stop()
    programs = re.findall(r"python -c '(.+)'$", said, re.MULTILINE)

    with serve() as served:
        url, key = served.told["base_url"], served.told["key"]
        more = {"XAI_API_KEY": key, "GROKKIT_BASE_URL": url, "OPENAI_API_KEY": key, "OPENAI_BASE_URL": url}
        printed = [
            subprocess.check_output([sys.executable, "-c", program], env={**environment, **more}, text=True)
            for program in programs
        ]

    assert len(printed) == 2
    assert "grok" in printed[0]
    assert "391" in printed[1]


def test_a_script_answers_in_its_order_and_with_its_faults(serve: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "script.toml").write_text(SCRIPT)

    with serve("--script", "script.toml", "-v") as served:
        weather = [served.ask("the weather?") for _ in range(3)]
        _, order = served.ask("order 66")
        with pytest.raises(http.client.IncompleteRead):
            served.ask("something long")
        status, said = served.stop()

    assert [reply["choices"][0]["message"]["content"] for _, reply in weather[:2]] == ["Rainy.", "Still rainy."]
    assert weather[2][0] == 503
    assert order["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "look_up"
    assert status == 0
    lines = [line for line in said.splitlines() if " POST " in line]
    assert len(lines) == 5
    assert "200" in lines[0]
    assert "on(model='grok-4.7', last='weather')" in lines[0]
    assert "503" in lines[2]
    assert "cut_at_byte=20" in lines[4]
    assert served.told["key"] not in "".join(lines)


def test_limits_and_faults_can_be_given_as_options(serve: Callable[..., Any]) -> None:
    with serve("--rate-limit", "2/min") as served:
        statuses = [served.ask("hi")[0] for _ in range(3)]
    with serve("--fault", "status=500@1.0") as served:
        broken = served.ask("hi")[0]

    assert statuses == [200, 200, 429]
    assert broken == 500


@pytest.mark.parametrize("kind", ["yaml", "json"])
def test_a_script_can_be_yaml_or_json(serve: Callable[..., Any], tmp_path: Path, kind: str) -> None:
    texts = {
        "yaml": "on:\n  - last: weather\n    reply: {text: Rainy.}\n",
        "json": '{"on": [{"last": "weather", "reply": {"text": "Rainy."}}]}',
    }
    (tmp_path / f"script.{kind}").write_text(texts[kind])

    with serve("--script", f"script.{kind}") as served:
        assert served.say("the weather?") == "Rainy."


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("on = [", "s.toml:1: is not TOML"),
        ("[[onn]]", "s.toml:1: onn: there is no part of a script named 'onn'; did you mean 'on'?"),
        ('[[on]]\nmodle = "x"\nreply.text = "a"', "s.toml:2: on 1, modle: there is no condition named 'modle'"),
        ('[[on]]\nmodel = "x"', "s.toml:1: on 1: a rule has a reply"),
        ('\n[[on]]\nmodel = "x"\nreply.text = 5', "s.toml:4: on 1, reply.text: expected `str`, got `int`"),
        ('[[on]]\nreply.txt = "a"', "s.toml:2: on 1, reply.txt: there is no part of a reply named 'txt'"),
        ("[[on]]\nreply.fault.hangup = true", "s.toml:2: on 1, reply.fault: there is no fault named 'hangup'"),
        ('[[on]]\nreply.error = "capasity"', "s.toml:2: on 1, reply: there is no error named 'capasity'"),
        ('[[on]]\nreply.text = "a"\nthen = [{ delay = "x:1" }]', "s.toml:3: on 1, then 1"),
        ('[[on]]\nlast = { pattern = "(" }\nreply.text = "a"', "is no pattern"),
        ("[[on]]\nnth = 0\nreply.text = 'a'", "s.toml:1: on 1: nth is 0"),
        ('[[faults]]\ncut_at_byte = "x"', "s.toml:1: faults 1: cut_at_byte takes a whole number, not 'x'"),
        ("[[faults]]\nprobability = 2.0\nhang_up = true", "a probability of 2"),
        ("[limit]\ntier = 9", "s.toml:1: limit: there is no tier 9"),
        ("[outage]\nafter = 1.0", "missing required field `seconds`"),
        ("[outage]\nseconds = 1.0\nretry_after = true", "retry_after"),
        ('credit = "much"', "s.toml:1: credit: expected `float`"),
        ("on = 5", "s.toml:1: on: a table is needed here, not 5"),
    ],
)
def test_a_bad_script_is_told_with_its_line(grokkit: Run, tmp_path: Path, script: str, expected: str) -> None:
    (tmp_path / "s.toml").write_text(script)

    done = grokkit("simulate", "--script", "s.toml")

    assert (done.returncode, done.stdout) == (1, "")
    assert expected in done.stderr
    assert "try: " in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("s.yaml", "on:\n  - model: x\n    reply: {text: [1]}\n", "s.yaml:3: on 1, reply.text: expected `str`"),
        ("s.yaml", "on: [\n", "s.yaml:2: is not YAML"),
        ("s.json", '{"on": [\n {"model": "x",\n  "reply": {"txt": 1}}]}', "s.json:3: on 1, reply.txt"),
        ("s.json", '{"on": [\n}', "s.json:2: is not JSON"),
        ("s.json", "[]", "s.json:1: a script is a table"),
        ("s.txt", "", "s.txt: a script is called .toml, .yaml, .yml or .json"),
    ],
)
def test_so_are_bad_scripts_in_yaml_and_json(grokkit: Run, tmp_path: Path, name: str, text: str, expected: str) -> None:
    (tmp_path / name).write_text(text)

    done = grokkit("simulate", "--script", name)

    assert (done.returncode, done.stdout) == (1, "")
    assert expected in done.stderr


def test_a_script_that_is_not_there_is_told(grokkit: Run) -> None:
    done = grokkit("simulate", "--script", "nowhere.toml")

    assert done.returncode == 1
    assert "nowhere.toml: cannot be read: No such file" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--fault", "hangup"), "did you mean 'hang_up'?"),
        (("--fault", "status=soon"), "status takes a whole number, not 'soon'"),
        (("--fault", "status=503@2"), "'2' is no probability"),
        (("--fault", "status=503@often"), "'often' is no probability"),
        (("--rate-limit", "tokens"), "write 2/s, 60/min"),
        (("--rate-limit", "5tokens/s"), "write 2/s, 60/min"),
        (("--latency", "unifrm:1"), "did you mean 'uniform'?"),
        (("--pace", "0"), "0 is not in the range"),
        (("--as-of", "spring"), "--as-of"),
    ],
)
def test_options_that_cannot_be_are_told(grokkit: Run, arguments: tuple[str, ...], expected: str) -> None:
    done = grokkit("simulate", *arguments)

    assert done.returncode == 2
    assert expected in done.stderr


def test_a_port_in_use_is_told(grokkit: Run) -> None:
    with Simulator() as other:
        port = other.base_url.removesuffix("/v1").rpartition(":")[2]

        done = grokkit("simulate", "--port", port)

    assert (done.returncode, done.stdout) == (1, "")
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr


def test_without_the_extra_it_names_it(grokkit: Run, tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "uvicorn.py").write_text("raise ImportError('not installed')")

    done = grokkit("simulate", PYTHONPATH=str(tmp_path / "without"))

    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(r"pip install .grokkit\[gateway\].", done.stderr)


def test_the_memory_of_a_simulator_that_serves_for_long_does_not_grow() -> None:
    simulator = Simulator()
    lines: list[str] = []
    access = AccessLog(simulator, lines.append)
    grok = simulator.grok()

    for _ in range(3):
        for _ in range(KEPT):
            grok.models.get("grok-4.7")
        access.look()

    assert len(simulator.calls) == KEPT
    assert len(lines) == 3 * KEPT


def test_a_request_is_told_once_and_only_when_it_has_ended() -> None:
    simulator = Simulator()
    lines: list[str] = []
    access = AccessLog(simulator, lines.append)

    with simulator.grok().stream("hi") as stream:
        next(stream)
        simulator.calls[-1].ended = None
        access.look()
        before = list(lines)
    simulator.calls[-1].ended = 0.0
    access.look()
    access.look()

    assert before == []
    assert len(lines) == 1


def test_a_fault_of_an_option_is_known_by_name() -> None:
    with pytest.raises(Misused, match="did you mean 'cut_at_byte'"):
        read_fault("cut_at_bite=3")
    with pytest.raises(ValueError, match="no rate limit"):
        read_rate_limit("60 per hour")


@pytest.mark.parametrize(
    ("text", "place", "line"),
    [
        ("[[on]]\na = 1\n\n[[on]]\na = 2\n", ("on", 1, "a"), 5),
        ("[[on]]\n[on.reply]\ntext = 1\n", ("on", 0, "reply", "text"), 3),
        ("[limit]\ntier = 1\n", ("limit", "tier"), 2),
        ("on = [{ a = 1 }]\n", ("on", 0, "a"), 1),
    ],
)
def test_a_place_in_a_toml_file_is_found(tmp_path: Path, text: str, place: tuple[str | int, ...], line: int) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)

    assert read(path).where(place) == f"{path}:{line}: {told(place)}"
