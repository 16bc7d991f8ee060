"""JSON in answers of servers that hold the model to nothing: fenced, after thoughts, between words."""

from __future__ import annotations

import pytest

from grokkit.resources.typed import Form
from grokkit.resources.typed.finding import Opening
from grokkit.tools import ValueRefused

JSON = '{"a": 1}'
AROUND = {
    "as it is": JSON,
    "with space": f"\n  {JSON}\n",
    "fenced": f"```json\n{JSON}\n```",
    "fenced, without a name": f"```\n{JSON}\n```",
    "fenced, between words": f"Here you are:\n```json\n{JSON}\n```\nAnything else?",
    "the last of two fences": f'An example:\n```json\n{{"a": 0}}\n```\nThe answer:\n```json\n{JSON}\n```',
    "after a thought": f"<think>\nIs it {{}}?\n</think>\n{JSON}",
    "after a thought, fenced": f"<think>Hm.</think>\n```json\n{JSON}\n```",
    "after words": f"Let me think. It is one.\n{JSON}",
    "before words": f"{JSON}\nThat is it.",
    "fenced over lines": '```json\n{\n  "a": 1\n}\n```',
}


@pytest.mark.parametrize("text", AROUND.values(), ids=AROUND)
def test_the_json_is_found(text: str) -> None:
    assert Form(dict[str, int]).read(text) == {"a": 1}


@pytest.mark.parametrize("text", ["I would rather not.", "{maybe}", "```json\n{\n```", '{"a": ', '{"b": {"a": 1}'])
def test_what_is_not_there_is_not_made_up(text: str) -> None:
    with pytest.raises(ValueRefused):
        Form(dict[str, int]).read(text)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("name", [name for name in AROUND if name != "the last of two fences"])
def test_it_is_found_while_it_arrives_and_not_before(name: str, size: int) -> None:
    text = AROUND[name]
    opening = Opening()
    found = ""
    for start in range(0, len(text), size):
        piece = text[start : start + size]
        found = found + piece if found else opening.feed(piece)

    assert found.replace("\n", "").replace(" ", "").startswith('{"a":1}')


@pytest.mark.parametrize("around", ["Well, {maybe} it is. ", "<think>{}", "\n", " ", "<thin", "```json\n", "no\n"])
def test_looking_takes_no_longer_the_more_was_said_before(around: str) -> None:
    """Counted in what is held and looked through again, not in seconds."""
    opening = Opening()

    assert [opening.feed(around) for _ in range(1000)] == [""] * 1000

    assert len(opening._held) <= 20


@pytest.mark.timeout(5)
@pytest.mark.parametrize("around", ['{"a": ' + "\n " * 100_000 + "x", "<think>" * 20_000, "no" + " " * 200_000 + "x"])
def test_an_answer_that_never_ends_well_is_refused_soon(around: str) -> None:
    with pytest.raises(ValueRefused):
        Form(dict[str, int]).read(around)
