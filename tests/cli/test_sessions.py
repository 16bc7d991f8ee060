"""`grokkit sessions`, and `grokkit chat --session`: what is kept, shown, found, gone on with and forgotten."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from grokkit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Terminal
    from tests.conftest import WatchedSimulator

    from grokkit.testing.simulator.visit import Visit

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Open = Callable[..., Terminal]

CONTROL_C = "\x03"
CONTROL_D = "\x04"
FOREIGN = '{"role": "user", "content": "Rain?"}\n{"role": "assistant", "content": "No\\u001b[2J."}\n'


@pytest.fixture
def keyless(grokkit: Run, environment: dict[str, str]) -> Run:
    """The command, of somebody who has no key and no server."""
    for name in ("XAI_API_KEY", "GROKKIT_BASE_URL"):
        environment.pop(name)
    return grokkit


def asked(sim: WatchedSimulator, at: int = -1) -> list[str]:
    """What the user had said in a request."""
    body: Any = sim.calls[at].json
    return [item["content"] for item in body["input"] if item.get("role") == "user"]


# ---- chat --session


def test_a_prompt_goes_on_with_the_session_from_run_to_run(grokkit: Run, sim: WatchedSimulator) -> None:
    first = grokkit("chat", "--session", "diary", "one")
    second = grokkit("chat", "--session", "diary", "--no-stream", "two")
    grokkit("chat", "three")

    assert (first.stdout, first.stderr, first.returncode) == ("You said: one\n", "", 0)
    assert second.stdout == "You said: two\n"
    assert asked(sim, 1) == ["one", "two"]
    assert sim.calls[2].json["input"] == "three"  # type: ignore[index, call-overload]


def test_the_options_of_chat_hold_in_a_session(grokkit: Run, sim: WatchedSimulator) -> None:
    grokkit("chat", "--session", "d", "-m", "grok-4.3", "-s", "Brief.", "--max-tokens", "9", "--effort", "low", "hi")

    sent: Any = sim.calls[0].json
    assert (sent["model"], sent["instructions"], sent["max_output_tokens"]) == ("grok-4.3", "Brief.", 9)
    assert (sent["reasoning"], sent["store"]) == ({"effort": "low"}, False)


def test_two_processes_that_write_one_session_lose_no_turn(
    start: Callable[..., subprocess.Popen[str]], grokkit: Run
) -> None:
    running = [start("chat", "--session", "both", f"from {number}") for number in range(4)]

    ends = [process.communicate(timeout=60) for process in running]
    shown = json.loads(grokkit("sessions", "show", "both", "--json").stdout)

    assert [said for _, said in ends] == [""] * 4
    assert sorted(turn["input"][0]["content"] for turn in shown["turns"]) == [f"from {number}" for number in range(4)]


@pytest.mark.parametrize("more", [(), ("--no-stream",)])
def test_an_answer_that_cannot_be_kept_is_shown_all_the_same(
    grokkit: Run, sim: WatchedSimulator, tmp_path: Path, more: tuple[str, ...]
) -> None:
    file = tmp_path / "chat.db"

    def spoil(_: Visit) -> str:
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE grokkit_session_turns")
        connection.close()
        return "Yes."

    sim.on(last="two").reply(spoil)
    place = {"GROKKIT_SESSIONS": f"sqlite:///{file}"}
    grokkit("chat", "--session", "s", "one", **place)

    done = grokkit("chat", "--session", "s", *more, "two", **place)

    assert (done.returncode, done.stdout) == (1, "Yes.\n")
    assert "the answer came, but session 's' could not be saved" in done.stderr


def test_a_conversation_at_the_terminal_is_kept(terminal: Open, grokkit: Run, sim: WatchedSimulator) -> None:
    grokkit("chat", "--session", "diary", "one")
    screen = terminal("chat", "--session", "diary")
    screen.until("session diary: 1 turn")
    screen.until("You said: one")
    for line, reply in {"two": "You said: two", "/title My days": "session diary: My days"}.items():
        screen.until("> ")
        screen.type(line + "\n")
        screen.until(reply)
    screen.until("> ")
    screen.type(CONTROL_D)

    assert screen.end() == 0
    assert asked(sim) == ["one", "two"]
    assert "My days" in grokkit("sessions", "list").stdout


def test_a_new_session_says_that_it_is_new(terminal: Open) -> None:
    screen = terminal("chat", "--session", "diary")

    screen.until("session diary: new")


def test_without_a_session_there_is_no_title(terminal: Open) -> None:
    screen = terminal("chat")
    screen.until("> ")
    screen.type("/title x\n")

    screen.until("grokkit chat --session NAME keeps one")


def test_a_stopped_answer_is_kept_as_far_as_it_had_come(terminal: Open, grokkit: Run, sim: WatchedSimulator) -> None:
    sim.on(last="long").reply(pieces=["I begin to say"], fault=Fault(stall_at_event=7))
    screen = terminal("chat", "--session", "diary")
    screen.until("> ")
    screen.type("long\n")
    screen.until("I begin to say")
    screen.type(CONTROL_C)
    screen.until("stopped")
    screen.until("> ")
    screen.type("go on\n")
    screen.until("You said: go on")
    screen.until("> ")
    screen.type(CONTROL_D)

    assert screen.end() == 0
    assert asked(sim) == ["long", "go on"]
    assert "I begin to say\n\n*(cut off)*" in grokkit("sessions", "show", "diary").stdout


def test_retry_and_clear_take_turns_back_that_stay_in_the_store(
    terminal: Open, grokkit: Run, sim: WatchedSimulator
) -> None:
    screen = terminal("chat", "--session", "diary")
    for line, reply in {
        "one": "You said: one",
        "two": "You said: two",
        "/retry": "You said: two",
        "/clear": "anew",
        "three": "You said: three",
    }.items():
        screen.until("> ")
        screen.type(line + "\n")
        screen.until(reply)
    screen.until("> ")
    screen.type("/retry\n")
    screen.until("You said: three")
    screen.until("> ")
    screen.type(CONTROL_D)
    screen.end()

    assert [asked(sim, number) for number in range(5)] == [
        ["one"],
        ["one", "two"],
        ["one", "two"],
        ["three"],
        ["three"],
    ]
    assert [line.split()[3] for line in grokkit("sessions", "list").stdout.splitlines() if "diary" in line] == ["8"]


def test_nothing_asked_is_nothing_to_ask_again(terminal: Open) -> None:
    screen = terminal("chat", "--session", "diary")
    screen.until("> ")
    screen.type("/retry\n")

    screen.until("there is no question to ask again")


# ---- resume


def test_resume_goes_on_with_the_latest_session_or_the_one_that_is_named(
    terminal: Open, grokkit: Run, sim: WatchedSimulator
) -> None:
    grokkit("chat", "--session", "old", "one")
    grokkit("chat", "--session", "new", "two")
    for name, arguments in {"new": (), "old": ("old", "--system", "Brief.")}.items():
        screen = terminal("sessions", "resume", *arguments)
        screen.until(f"session {name}: 1 turn")
        screen.until("> ")
        screen.type("on\n")
        screen.until("You said: on")

    assert [asked(sim, at) for at in (2, 3)] == [["two", "on"], ["one", "on"]]
    assert sim.calls[3].json["instructions"] == "Brief."  # type: ignore[index, call-overload]


def test_resume_of_nothing_says_how_to_begin(terminal: Open, grokkit: Run) -> None:
    none = terminal("sessions", "resume")
    assert none.end() == 2
    assert "begins one" in none.text

    grokkit("chat", "--session", "diary", "one")
    misspelt = terminal("sessions", "resume", "dairy")
    assert misspelt.end() == 1
    assert "did you mean 'diary'?" in misspelt.text


def test_resume_needs_a_terminal(grokkit: Run) -> None:
    done = grokkit("sessions", "resume")

    assert (done.returncode, done.stdout) == (2, "")
    assert "needs a terminal" in done.stderr


# ---- without a key


def test_sessions_are_imported_listed_shown_and_found_without_a_key(keyless: Run) -> None:
    imported = keyless("sessions", "import", "--name", "talk", stdin=FOREIGN)
    keyless("sessions", "describe", "talk", "--title", "The [weather]", "--tag", "b", "--tag", "a")

    listed, shown = keyless("sessions", "list"), keyless("sessions", "show", "talk")
    found = keyless("sessions", "search", "rain")

    assert (imported.stdout, imported.stderr, imported.returncode) == ("talk\n", "", 0)
    assert listed.stdout.splitlines()[2].split()[0] == "talk"
    assert listed.stdout.splitlines()[2].endswith("a, b   The [weather]")
    assert shown.stdout == "# The [weather]\n\n## User\n\nRain?\n\n## Grok\n\nNo\x1b[2J.\n"
    assert found.stdout.splitlines()[2].split()[:2] == ["talk", "1"]
    assert [done.stderr for done in (listed, shown, found)] == [""] * 3


def test_for_programs_there_is_json(keyless: Run) -> None:
    keyless("sessions", "import", "--name", "talk", stdin=FOREIGN)

    listed = json.loads(keyless("sessions", "list", "--json").stdout)
    shown = json.loads(keyless("sessions", "show", "talk", "--json").stdout)
    found = json.loads(keyless("sessions", "search", "rain", "--json").stdout)
    described = json.loads(keyless("sessions", "describe", "talk", "--no-tags", "--json").stdout)
    empty = json.loads(keyless("sessions", "list", "--tag", "none", "--json").stdout)

    assert [info["name"] for info in listed] == ["talk"]
    assert shown["session"] == listed[0]
    assert shown["turns"][0]["input"] == [{"role": "user", "content": "Rain?"}]
    assert [(hit["name"], hit["version"]) for hit in found] == [("talk", 1)]
    assert (described["tags"], empty) == ([], [])


def test_an_export_is_imported_unchanged_whatever_the_locale(keyless: Run) -> None:
    text = FOREIGN.replace("Rain?", "Regnet det på Røros? 🌧")
    keyless("sessions", "import", "--name", "talk", stdin=text)

    exported = keyless("sessions", "export", "talk", LC_ALL="C", PYTHONIOENCODING="ascii")
    keyless("sessions", "delete", "--yes", "talk")
    imported = keyless("sessions", "import", stdin=exported.stdout)
    again = keyless("sessions", "export", "talk")
    markdown = keyless("sessions", "export", "talk", "--markdown")

    assert imported.stdout == "talk\n"
    assert again.stdout == exported.stdout
    assert "## User\n\nRegnet det på Røros? 🌧\n" in markdown.stdout


def test_a_file_gives_the_session_its_name_where_nothing_else_does(keyless: Run, tmp_path: Path) -> None:
    (tmp_path / "from elsewhere.jsonl").write_text(FOREIGN)

    assert keyless("sessions", "import", "from elsewhere.jsonl").stdout == "from elsewhere\n"


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (FOREIGN, 2, "give one with --name"),
        ("no session", 1, "the text is no session that can be read"),
        ("", 1, "the text is no session that can be read"),
    ],
)
def test_what_cannot_be_imported_is_told(keyless: Run, text: str, status: int, said: str) -> None:
    done = keyless("sessions", "import", stdin=text)

    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr


def test_a_file_that_is_missing_or_no_text_is_told(keyless: Run, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    missing, binary = keyless("sessions", "import", "missing"), keyless("sessions", "import", "binary")

    assert missing.returncode == 1
    assert "cannot read or write missing: No such file" in missing.stderr
    assert binary.returncode == 2
    assert "binary is not UTF-8 text" in binary.stderr


def test_nothing_is_imported_over_a_session(keyless: Run) -> None:
    keyless("sessions", "import", "--name", "talk", stdin=FOREIGN)

    done = keyless("sessions", "import", "--name", "talk", stdin=FOREIGN)

    assert done.returncode == 1
    assert "choose another one, or delete it first" in done.stderr


def test_only_the_last_turns_are_shown_where_asked(keyless: Run) -> None:
    keyless("sessions", "import", "--name", "talk", stdin=FOREIGN + FOREIGN.replace("Rain", "Snow"))

    done = keyless("sessions", "show", "talk", "--last", "1", "-v")

    assert "Snow?" in done.stdout
    assert "Rain?" not in done.stdout
    assert "turns: 2, 2 entries" in done.stderr


def test_a_terminal_is_not_steered_by_what_was_said(terminal: Open, keyless: Run) -> None:
    keyless("sessions", "import", "--name", "talk", stdin=FOREIGN)
    for arguments in (("show", "talk"), ("search", "rain")):
        screen = terminal("sessions", *arguments)
        screen.end()

        assert "No[2J." in screen.raw


@pytest.mark.parametrize("command", ["show", "export", "describe", "delete"])
def test_a_session_that_is_not_there_is_told_with_the_nearest_name(keyless: Run, command: str) -> None:
    keyless("sessions", "import", "--name", "talk", stdin=FOREIGN)

    done = keyless("sessions", command, "tlak")

    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no session 'tlak'" in done.stderr
    assert "did you mean 'talk'?" in done.stderr


def test_where_there_are_none_that_is_said_on_standard_error(keyless: Run) -> None:
    for arguments, said in {("list",): "there are no sessions", ("search", "x"): "nothing was found for 'x'"}.items():
        done = keyless("sessions", *arguments)

        assert (done.returncode, done.stdout) == (0, "")
        assert said in done.stderr


def test_the_list_ends_where_asked_and_says_so(keyless: Run) -> None:
    for number in range(3):
        keyless("sessions", "import", "--name", f"talk{number}", stdin=FOREIGN)

    some, all_ = keyless("sessions", "list", "-n", "2"), keyless("sessions", "list", "-n", "2", "--all")

    assert (some.stdout.count("talk"), all_.stdout.count("talk")) == (2, 3)
    assert "--all" in some.stderr
    assert all_.stderr == ""


def test_a_store_and_a_tenant_can_be_named(keyless: Run) -> None:
    place = ("--store", "sqlite:///elsewhere.db", "--tenant", "acme")
    keyless("sessions", "import", "--name", "talk", *place, stdin=FOREIGN)

    assert "talk" in keyless("sessions", "list", *place).stdout
    assert keyless("sessions", "list", *place[:2]).stdout == ""
    assert keyless("sessions", "list").stdout == ""
    assert "talk" in keyless("sessions", "list", GROKKIT_SESSIONS=place[1], GROKKIT_TENANT="acme").stdout


@pytest.mark.parametrize("store", ["chat.db", "mysql://me:secret@host/db", "sqlite:////proc/none/chat.db"])
def test_a_store_that_cannot_be_is_told_without_its_secrets(keyless: Run, store: str) -> None:
    done = keyless("sessions", "list", "--store", store)

    assert (done.returncode, done.stdout) == (1, "")
    assert "try:" in done.stderr
    assert not [word for word in ("Traceback", "secret", "bug") if word in done.stderr]


@pytest.mark.parametrize("command", ["show", "search", "delete", "export"])
def test_arguments_that_are_no_text_are_told(start: Callable[..., subprocess.Popen[str]], command: str) -> None:
    process = start("sessions", command, b"\xff")  # type: ignore[arg-type]

    _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "no text that can be stored" in said


# ---- delete


def test_deleting_asks_first(terminal: Open, keyless: Run) -> None:
    keyless("sessions", "import", "--name", "talk", stdin=FOREIGN)
    refused = terminal("sessions", "delete", "talk")
    refused.until("forget talk (1 entries) for good?")
    refused.type("n\n")
    refused_status = refused.end()
    listed = keyless("sessions", "list").stdout
    agreed = terminal("sessions", "delete", "talk")
    agreed.until("for good?")
    agreed.type("y\n")

    assert (refused_status, agreed.end()) == (1, 0)
    assert "nothing was deleted" in refused.text
    assert "talk" in listed
    assert keyless("sessions", "list").stdout == ""


def test_where_nobody_can_be_asked_deleting_wants_yes(keyless: Run) -> None:
    for name in ("a", "b"):
        keyless("sessions", "import", "--name", name, stdin=FOREIGN)

    unasked, one_missing = keyless("sessions", "delete", "a"), keyless("sessions", "delete", "-y", "a", "c")
    left = keyless("sessions", "list", "--json").stdout
    both = keyless("sessions", "delete", "--yes", "a", "b")

    assert (unasked.returncode, one_missing.returncode, both.returncode) == (2, 1, 0)
    assert "--yes" in unasked.stderr
    assert len(json.loads(left)) == 2
    assert keyless("sessions", "list").stdout == ""


# ---- pipes


@pytest.mark.parametrize("command", [("list", "--all"), ("show", "s0"), ("export", "s0"), ("search", "word")])
def test_a_reader_who_leaves_is_no_error(keyless: Run, environment: dict[str, str], command: tuple[str, ...]) -> None:
    long = json.dumps({"role": "user", "content": "word " * 100_000}) + "\n"
    for number in range(3):
        keyless("sessions", "import", "--name", f"s{number}", stdin=long)
    shell = f"{sys.executable} -m grokkit sessions {' '.join(command)}; echo $? >&2"

    done = subprocess.run(
        ["bash", "-c", f"({shell}) | true"], env=environment, capture_output=True, text=True, timeout=60
    )

    assert done.stderr in {"141\n", "0\n"}  # short ones may be written before the reader has left


def test_help_tells_of_every_command(grokkit: Run) -> None:
    said = grokkit("sessions", "--help").stdout

    for name in ("list", "show", "resume", "search", "describe", "export", "import", "delete"):
        assert f"  {name} " in said
