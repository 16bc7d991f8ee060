"""JSON in answers of servers that hold the model to nothing: fenced, after thoughts, between words."""

from __future__ import annotations

import pytest

from grokkit.resources.typed import Form
from grokkit.resources.typed.finding import begins_at
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


@pytest.mark.parametrize("name", [name for name in AROUND if name != "the last of two fences"])
def test_it_is_found_while_it_arrives_and_not_before(name: str) -> None:
    text = AROUND[name]
    found = [place for end in range(len(text) + 1) if (place := begins_at(text[:end])) is not None]

    assert text[found[0] :].startswith("{")
    assert set(found) == {found[0]}
    assert text[found[0] :].lstrip().replace("\n", "").replace(" ", "").startswith('{"a":1}')
