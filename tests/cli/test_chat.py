"""`grokkit chat` with a prompt: what goes to the server, what to standard output, what to standard error."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from grokkit.testing import Fault

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.cli.conftest import Terminal
    from tests.conftest import WatchedSimulator

    Run = Callable[..., subprocess.CompletedProcess[str]]

BEGINNING = 6
"""Events of a stream that begin response, reasoning and message. Text comes after them."""


def test_the_text_goes_to_standard_output_and_nothing_else_does(grokkit: Run) -> None:
    done = grokkit("chat", "Hello there")

    assert (done.returncode, done.stdout, done.stderr) == (0, "You said: Hello there\n", "")


def test_words_need_no_quotes(grokkit: Run) -> None:
    assert grokkit("chat", "why", "is", "it").stdout == "You said: why is it\n"


def test_what_is_piped_in_is_the_prompt(grokkit: Run) -> None:
    assert grokkit("chat", stdin="from a pipe\n").stdout == "You said: from a pipe\n"


@pytest.mark.parametrize("words", [["Review this:"], ["Review this:", "-"]])
def test_what_is_piped_in_follows_the_words(grokkit: Run, sim: WatchedSimulator, words: list[str]) -> None:
    grokkit("chat", *words, stdin="+ a line\n")

    assert sim.calls[0].json["input"] == "Review this:\n\n+ a line"


def test_an_empty_prompt_is_a_usage_error(grokkit: Run, sim: WatchedSimulator) -> None:
    done = grokkit("chat", stdin=" \n")

    assert (done.returncode, done.stdout, sim.calls) == (2, "", [])
    assert "the prompt is empty" in done.stderr


def test_input_that_is_no_text_is_a_usage_error(start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start("chat", stdin=-1)
    assert process.stdin is not None
    process.stdin.buffer.write(b"\xff\xfe\x00")

    _, said = process.communicate()

    assert process.returncode == 2
    assert "not UTF-8" in said


def test_the_options_reach_the_server(grokkit: Run, sim: WatchedSimulator) -> None:
    options = [
        "--model",
        "grok-4.3",
        "--system",
        "Brief.",
        "--temperature",
        "0.2",
        "--max-tokens",
        "9",
        "--effort",
        "low",
    ]

    grokkit("chat", "hi", *options)

    sent = sim.calls[0].json
    assert (sent["model"], sent["instructions"], sent["temperature"]) == ("grok-4.3", "Brief.", 0.2)
    assert (sent["max_output_tokens"], sent["reasoning"], sent["store"]) == (9, {"effort": "low"}, False)


def test_nothing_that_was_not_said_is_sent(grokkit: Run, sim: WatchedSimulator) -> None:
    grokkit("chat", "hi")

    assert set(sim.calls[0].json) == {"model", "input", "store", "stream"}


def test_without_streaming_the_whole_answer_is_printed(grokkit: Run, sim: WatchedSimulator) -> None:
    done = grokkit("chat", "--no-stream", "--model", "grok-4.20-0309-non-reasoning", "hi")

    assert done.stdout == "You said: hi\n"
    assert "stream" not in sim.calls[0].json


def test_json_is_one_event_a_line_while_it_streams(grokkit: Run) -> None:
    done = grokkit("chat", "--json", "hi")

    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [events[0]["type"], events[-1]["type"]] == ["response.created", "response.completed"]
    assert "".join(event.get("delta", "") for event in events) == "You said: hi"


def test_json_without_streaming_is_the_reply_as_one_document(grokkit: Run, sim: WatchedSimulator) -> None:
    done = grokkit("chat", "--json", "--no-stream", "hi")

    reply = json.loads(done.stdout)
    assert (reply["id"], reply["usage"]["cost_in_usd_ticks"]) == (sim.calls[0].id, 2_595_000)


def test_verbose_tells_tokens_cost_ids_and_times_on_standard_error(grokkit: Run, sim: WatchedSimulator) -> None:
    done = grokkit("chat", "-v", "hi")

    assert done.stdout == "You said: hi\n"
    assert "grok-4.7, 12 tokens in (3 cached), 40 out (8 reasoning), $0.00026, first token after " in done.stderr
    assert " tokens/s, " in done.stderr
    assert f"request {sim.calls[0].id}, client " in done.stderr


def test_an_answer_that_was_cut_off_says_so(grokkit: Run, sim: WatchedSimulator) -> None:
    sim.on(last="hi").reply(text="You said: hi", finish_reason="length")

    done = grokkit("chat", "hi")

    assert (done.returncode, done.stdout) == (0, "You said: hi\n")
    assert "cut off at the token limit" in done.stderr


def test_a_retired_model_is_answered_with_a_note(grokkit: Run) -> None:
    done = grokkit("chat", "--model", "grok-3", "hi")

    assert done.stdout == "You said: hi\n"
    assert done.stderr.startswith("grokkit: note: grok-3 has been retired")


def test_a_stream_that_breaks_off_keeps_its_text_and_fails(grokkit: Run, sim: WatchedSimulator) -> None:
    sim.on(last="hi").reply("half of the")
    with sim.grok() as grok, grok.stream("hi", model="grok-4.7") as stream:
        stream.done()
    all_but_the_end = sim.calls[0].sent - 500
    sim.on(last="hi").reply("half of the", fault=Fault(cut_at_byte=all_but_the_end))

    done = grokkit("chat", "hi")

    assert (done.returncode, done.stdout) == (1, "half of the\n")
    assert "broke off" in done.stderr


def test_a_reader_that_goes_away_ends_it_quietly(
    start: Callable[..., subprocess.Popen[str]], sim: WatchedSimulator
) -> None:
    sim.on(last="hi").reply("first line\n" + "many words " * 2_000)
    process = start("chat", "hi")
    assert process.stdout is not None
    assert process.stderr is not None

    first = process.stdout.readline()
    process.stdout.close()

    assert (first, process.stderr.read(), process.wait()) == ("first line\n", "", 141)
    process.stderr.close()


def test_control_c_ends_it_with_130_and_leaves_the_server(
    start: Callable[..., subprocess.Popen[str]], sim: WatchedSimulator
) -> None:
    sim.on(last="hi").reply(pieces=["thinking ", "about"], fault=Fault(stall_at_event=BEGINNING + 2))
    process = start("chat", "hi")
    assert process.stdout is not None
    first = process.stdout.read(len("thinking about"))

    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=30)

    assert (first, rest, said, process.returncode) == ("thinking about", "\n", "", 130)
    sim.until_left()


def test_a_call_that_takes_too_long_is_an_error(grokkit: Run, sim: WatchedSimulator) -> None:
    sim.on(last="hi").reply(pieces=["one"], fault=Fault(stall_at_event=BEGINNING + 1))

    done = grokkit("chat", "--timeout", "0.5", "hi")

    assert (done.returncode, done.stdout) == (1, "one\n")
    assert "0.5 s" in done.stderr


def test_a_prompt_on_a_terminal_is_answered_in_markdown(
    terminal: Callable[..., Terminal], sim: WatchedSimulator
) -> None:
    sim.on(last="hi").reply("# Title\n\nSome **bold** words\n\n- an item\n")
    screen = terminal("chat", "hi")

    assert screen.end() == 0
    assert "Some bold words" in screen.text
    assert " • an item" in screen.text
    assert "\x1b[1mbold" in screen.raw


def test_plain_on_a_terminal_is_the_text_without_what_would_steer_it(
    terminal: Callable[..., Terminal], sim: WatchedSimulator
) -> None:
    sim.on(last="hi").reply("some **bold** \x1b]0;title\x07 words")
    screen = terminal("chat", "--plain", "hi")

    assert screen.end() == 0
    assert screen.raw == "some **bold** ]0;title words\n"


def test_in_a_pipe_the_text_is_what_the_model_said(grokkit: Run, sim: WatchedSimulator) -> None:
    sim.on(last="hi").reply("**bold** \x1b[1m words\tand café 🎉")

    assert grokkit("chat", "hi").stdout == "**bold** \x1b[1m words\tand café 🎉\n"


def test_no_color_means_none(terminal: Callable[..., Terminal], sim: WatchedSimulator) -> None:
    sim.on(last="hi").reply("`code` and\n\n```python\nimport os\n```\n")
    screen = terminal("chat", "-v", "hi", NO_COLOR="1")

    assert screen.end() == 0
    assert "import os" in screen.text
    assert not any(f"\x1b[{code}m" in screen.raw for code in range(30, 50))


def test_a_narrow_terminal_gets_narrow_lines(terminal: Callable[..., Terminal], sim: WatchedSimulator) -> None:
    sim.on(last="hi").reply("word " * 40)
    screen = terminal("chat", "hi", size=(24, 30))

    assert screen.end() == 0
    assert max(map(len, screen.text.splitlines())) <= 30


@pytest.mark.engine
def test_the_small_model_answers_without_a_key(environment: dict[str, str], grokkit: Run, weights_home: str) -> None:
    del environment["XAI_API_KEY"], environment["GROKKIT_BASE_URL"]

    done = grokkit("chat", "-v", "--local", "--max-tokens", "8", "Say hello.", GROKKIT_CACHE=weights_home)

    assert done.returncode == 0
    assert done.stdout.strip()
    assert "smollm2-135m-instruct, " in done.stderr


def test_a_person_is_told_why_nothing_happens(grokkit: Run, sim: WatchedSimulator) -> None:
    sim.on(times=1).reply(status=503, headers={"Retry-After": "1"})

    done = grokkit("chat", "hi", GROKKIT_RETRIES="1")

    assert (done.returncode, done.stdout) == (0, "You said: hi\n")
    assert "trying again in" in done.stderr
    assert "(try 2)" in done.stderr
