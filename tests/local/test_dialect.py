"""Saying the output format where llama.cpp looks for it."""

from grokkit.local.dialect import responses_body

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def test_a_schema_is_said_once_more_in_the_words_of_chat() -> None:
    wanted = {"type": "json_schema", "name": "place", "schema": SCHEMA, "strict": True}
    body = {"input": "hi", "text": {"format": wanted}}

    adapted = responses_body(body)

    said = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}}
    assert adapted == {**body, "response_format": said}


def test_a_body_without_a_format_stays_as_it_is() -> None:
    bodies: list[dict[str, object]] = [
        {"input": "hi"},
        {"input": "hi", "text": {"format": {"type": "text"}}},
        {"text": {}},
    ]
    for body in bodies:
        assert responses_body(body) == body


def test_the_given_body_is_not_changed() -> None:
    body = {"text": {"format": {"type": "json_object"}}}

    responses_body(body)

    assert body == {"text": {"format": {"type": "json_object"}}}
