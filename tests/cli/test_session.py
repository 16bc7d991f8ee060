"""A conversation at a terminal: typed, answered, stopped, left."""

from __future__ import annotations

import asyncio
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from grokkit.testing import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Terminal
    from tests.conftest import WatchedSimulator

    from grokkit.testing.simulator.visit import Visit

    Open = Callable[..., Terminal]

PATIENCE = 30.0
CONTROL_C = "\x03"
CONTROL_D = "\x04"


def history_of(environment: dict[str, str]) -> Path:
    return Path(environment["HOME"]) / ".local" / "state" / "grokkit" / "history"


def test_each_turn_sends_the_conversation_back_and_control_d_leaves(terminal: Open, sim: WatchedSimulator) -> None:
    screen = terminal("chat")
    screen.until("> ")
    screen.type("first\n")
    screen.until("You said: first")
    screen.until("> ")
    screen.type("second\n")
    screen.until("You said: second")
    screen.until("> ")
    screen.type(CONTROL_D)

    assert screen.end() == 0
    first, reasoning, answer, second = sim.calls[1].json["input"]
    assert (first["content"], second["content"]) == ("first", "second")
    assert (reasoning["id"], reasoning["summary"]) == (f"rs_{sim.calls[0].id}", [])
    assert reasoning["encrypted_content"]
    assert answer == {
        "type": "message",
        "id": f"msg_{sim.calls[0].id}",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "You said: first", "annotations": [], "logprobs": []}],
    }


def test_reasoning_is_asked_for_in_the_form_that_can_be_sent_back(terminal: Open, sim: WatchedSimulator) -> None:
    screen = terminal("chat", "--model", "grok-4.3")
    for line, reply in {"one": "You said: one", "/effort none": "none", "two": "You said: two"}.items():
        screen.until("> ")
        screen.type(line + "\n")
        screen.until(reply)

    assert sim.calls[0].json["include"] == ["reasoning.encrypted_content"]
    assert "include" not in sim.calls[1].json


def test_control_c_stops_the_answer_and_not_the_program(terminal: Open, sim: WatchedSimulator) -> None:
    sim.on(last="long").reply(pieces=["I begin to say"], fault=Fault(stall_at_event=7))
    screen = terminal("chat")
    screen.until("> ")
    screen.type("long\n")
    screen.until("I begin to say")
    screen.type(CONTROL_C)
    screen.until("stopped")
    screen.until("> ")
    sim.until_left()
    screen.type("go on\n")
    screen.until("You said: go on")
    screen.until("> ")
    screen.type(CONTROL_D)

    assert screen.end() == 0
    assert [item["content"] for item in sim.calls[1].json["input"]] == ["long", "I begin to say", "go on"]
    assert "Traceback" not in screen.text


def test_control_c_at_the_prompt_drops_what_was_typed(terminal: Open, sim: WatchedSimulator) -> None:
    screen = terminal("chat")
    screen.until("> ")
    screen.type("half a thou")
    screen.until("half a thou")
    screen.press_until(CONTROL_C, "> ")
    screen.type("whole\n")
    screen.until("You said: whole")

    assert [call.json["input"] for call in sim.calls] == [[{"role": "user", "content": "whole"}]]


@pytest.mark.parametrize(
    ("typed", "message"),
    [("one \\\ntwo\n", "one \ntwo"), ('"""one\n\ntwo"""\n', "one\n\ntwo"), ('"""\na\\\nb\n"""\n', "a\\\nb")],
)
def test_a_message_can_have_many_lines(terminal: Open, sim: WatchedSimulator, typed: str, message: str) -> None:
    screen = terminal("chat")
    screen.until("> ")
    screen.type(typed)
    screen.until("You said: ")

    assert sim.calls[0].json["input"][0]["content"] == message


def test_an_error_is_told_and_the_conversation_goes_on(terminal: Open, sim: WatchedSimulator) -> None:
    sim.on(last="bad").reply(status=400, json={"error": "that cannot be", "code": "trouble"})
    screen = terminal("chat")
    screen.until("> ")
    screen.type("bad\n")
    screen.until("that cannot be")
    screen.until("> ")
    screen.type("good\n")
    screen.until("You said: good")

    assert [item["content"] for item in sim.calls[1].json["input"]] == ["good"]


def test_commands_change_model_system_and_effort(terminal: Open, sim: WatchedSimulator) -> None:
    screen = terminal("chat", "--system", "Long.")
    for command, reply in {
        "/model grok-4.3": "model: grok-4.3",
        "/system Brief.": "system prompt: Brief.",
        "/effort low": "reasoning effort: low",
    }.items():
        screen.until("> ")
        screen.type(command + "\n")
        screen.until(reply)
    screen.until("> ")
    screen.type("hi\n")
    screen.until("You said: hi")

    sent = sim.calls[0].json
    assert (sent["model"], sent["instructions"], sent["reasoning"]) == ("grok-4.3", "Brief.", {"effort": "low"})


def test_clear_forgets_and_retry_asks_again(terminal: Open, sim: WatchedSimulator) -> None:
    screen = terminal("chat")
    for line, reply in {
        "one": "You said: one",
        "/clear": "anew",
        "two": "You said: two",
        "/retry": "You said: two",
    }.items():
        screen.until("> ")
        screen.type(line + "\n")
        screen.until(reply)
    screen.until("> ")
    screen.type("/usage\n")
    screen.until("36 tokens in (9 cached), 120 out (24 reasoning), $0.000779")

    assert [[item["content"] for item in call.json["input"]] for call in sim.calls] == [["one"], ["two"], ["two"]]


def test_an_unknown_command_is_not_sent_and_exit_leaves(terminal: Open, sim: WatchedSimulator) -> None:
    screen = terminal("chat")
    screen.until("> ")
    screen.type("/hlep\n")
    screen.until("did you mean /help?")
    screen.until("> ")
    screen.type("/help\n")
    screen.until("Ctrl-C stops the answer")
    screen.until("> ")
    screen.type("/exit\n")

    assert (screen.end(), sim.calls) == (0, [])


def test_a_path_is_a_message_and_no_command(terminal: Open, sim: WatchedSimulator) -> None:
    screen = terminal("chat")
    screen.until("> ")
    screen.type("/etc/hosts is what?\n")
    screen.until("You said: /etc/hosts is what?")

    assert len(sim.calls) == 1


def test_what_was_typed_is_there_in_the_next_session_and_for_nobody_else(
    terminal: Open, environment: dict[str, str]
) -> None:
    first = terminal("chat")
    first.until("> ")
    first.type("remember me\n")
    first.until("You said: remember me")
    first.until("> ")
    first.type(CONTROL_D)
    first.end()
    second = terminal("chat")
    second.until("> ")
    second.type("\x1b[A\n")

    second.until("You said: remember me")

    history = history_of(environment)
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert stat.S_IMODE(history.parent.stat().st_mode) == 0o700
    assert history.read_text().splitlines()[0] == "remember me"


def test_a_history_that_cannot_be_kept_is_said_once_and_costs_nothing(
    terminal: Open, environment: dict[str, str]
) -> None:
    blocked = Path(environment["HOME"]) / ".local"
    blocked.write_text("a file where a directory should be")
    screen = terminal("chat")
    screen.until("the history cannot be kept")
    screen.until("> ")
    screen.type("hi\n")

    screen.until("You said: hi")


def test_verbose_tells_what_each_answer_took(terminal: Open, sim: WatchedSimulator) -> None:
    screen = terminal("chat", "-v")
    screen.until("> ")
    screen.type("hi\n")

    screen.until("12 tokens in (3 cached)")
    screen.until(f"request {sim.calls[0].id}")


def test_what_is_typed_during_an_answer_waits_for_the_prompt(terminal: Open, sim: WatchedSimulator) -> None:
    typed = threading.Event()

    async def once_typed(_: Visit) -> str:
        await asyncio.to_thread(typed.wait, PATIENCE)
        return "You said: long"

    sim.on(last="long").reply(once_typed)
    screen = terminal("chat")
    screen.until("> ")
    screen.type("long\n")
    screen.until("waiting")
    screen.type("typed ahead\n")
    typed.set()

    shown_meanwhile = screen.until("You said: long")
    assert "typed ahead" not in shown_meanwhile
    screen.until("You said: typed ahead")


def test_a_conversation_needs_a_terminal_to_answer_on(terminal: Open) -> None:
    screen = terminal("chat", "--json")

    assert screen.end() == 2
    assert "give a prompt" in screen.text


@pytest.mark.engine
def test_the_small_model_takes_its_own_items_back(
    terminal: Open, environment: dict[str, str], weights_home: str
) -> None:
    del environment["XAI_API_KEY"], environment["GROKKIT_BASE_URL"]
    screen = terminal("chat", "-v", "--local", "--max-tokens", "6", GROKKIT_CACHE=weights_home)
    for question in ("Say hello.", "Once more."):
        screen.until("> ")
        screen.type(question + "\n")
        screen.until("tokens in")
    screen.until("> ")
    screen.type(CONTROL_D)

    assert screen.end() == 0
