from __future__ import annotations

import re
from itertools import pairwise

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit.errors import EventTooLarge
from grokkit.wire.sse import SSEDecoder, SSEEvent

FIELDS = b"data: |data:|data|event: |event:|event|id: |id|retry: |Data: |:".split(b"|")
LINE_ENDS = [b"\n", b"\n", b"\n\n", b"\r", b"\r\r", b"\r\n", b"\r\n\r\n"]
VALUES = [b" ", b"  ", b"12", b"0", b"-5", b"\0", b"x", b"{}", b"\xef\xbb\xbf", "ü€🙂".encode(), b"\xff"]
EVENTS = [b"data: one\n\n", b"event: named\ndata: two\n\n", b"data: three\r\n\r\n"]
FRAGMENTS = [*FIELDS, *LINE_ENDS, *VALUES, *EVENTS]
READ_ALIKE = [piece for piece in FRAGMENTS if piece not in {b"\xff", b"-5", b" ", b"  "}]
bodies = st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(b"".join)
cuts = st.lists(st.integers(min_value=0, max_value=400), max_size=30)


def split(body: bytes, at: list[int]) -> list[bytes]:
    borders = sorted({0, len(body), *(cut for cut in at if cut < len(body))})
    return [body[start:end] for start, end in pairwise(borders)]


def decode(chunks: list[bytes], **options: int) -> list[SSEEvent]:
    decoder = SSEDecoder(**options)
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.close()


def data_of(*chunks: bytes) -> list[bytes]:
    return [event.data for event in decode(list(chunks))]


def reference(body: bytes) -> list[SSEEvent]:
    """The specification, word by word, on a whole body."""
    events: list[SSEEvent] = []
    data: list[bytes] = []
    name, last_id, retry = b"", b"", None
    *lines, _unterminated = re.split(rb"\r\n|\r|\n", body.removeprefix(b"\xef\xbb\xbf"))
    for line in lines:
        if line == b"":
            if b"\n".join(data) != b"":
                text = (name.decode(errors="replace"), last_id.decode(errors="replace"))
                events.append(SSEEvent(text[0] or "message", b"\n".join(data), text[1], retry))
            name, data, retry = b"", [], None
            continue
        field, value = line, b""
        if b":" in line:
            field, value = line.split(b":", 1)
            if value[:1] == b" ":
                value = value[1:]
        if field == b"event":
            name = value
        elif field == b"data":
            data.append(value)
        elif field == b"id" and b"\0" not in value:
            last_id = value
        elif field == b"retry" and re.fullmatch(rb"[0-9]+", value):
            retry = int(value)
    return events


@given(bodies, cuts)
def test_any_split_of_any_body_gives_what_the_specification_says(body: bytes, at: list[int]) -> None:
    assert decode(split(body, at)) == reference(body)


@given(bodies)
def test_byte_by_byte_gives_what_the_specification_says(body: bytes) -> None:
    assert decode([bytes([byte]) for byte in body]) == reference(body)


@given(
    st.lists(st.sampled_from([piece for piece in FRAGMENTS if piece not in {b"\xff", b"-5"}]), max_size=30),
    cuts,
)
def test_httpx2_finds_the_same_events(pieces: list[bytes], at: list[int]) -> None:
    body = b"x" + b"".join(pieces) + b"\n\n"  # no byte order mark and no cut end, which httpx2 treats otherwise
    response = httpx2.Response(
        200,
        headers={"content-type": "text/event-stream; charset=utf-8"},
        content=iter(split(body, at)),
        request=httpx2.Request("GET", "http://localhost/"),
    )

    theirs = [event for event in httpx2.EventSource(response) if event.data]

    ours = [SSEEvent(event.event, event.data.encode(), event.id, event.retry) for event in theirs]
    assert decode(split(body, at)) == ours


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_each_line_end_ends_lines_and_events(end: bytes) -> None:
    body = end.join([b"data: a", b"data: b", b"", b"data: c", b"", b""])

    assert data_of(body) == [b"a\nb", b"c"]


def test_a_carriage_return_and_newline_split_over_two_chunks_are_one_line_end() -> None:
    assert data_of(b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n") == [b"a\nb"]


def test_a_lone_return_at_the_end_of_a_chunk_ends_the_event_at_once() -> None:
    decoder = SSEDecoder()

    assert [event.data for event in decoder.feed(b"data: a\r\r")] == [b"a"]
    assert decoder.feed(b"\n") == []
    assert [event.data for event in decoder.feed(b"data: b\r\n\r")] == [b"b"]
    assert decoder.feed(b"") == []
    assert [event.data for event in decoder.feed(b"\ndata: c\n\n")] == [b"c"]


def test_a_byte_order_mark_is_skipped_at_the_start_only() -> None:
    assert data_of(b"\xef", b"\xbb", b"\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\ndata: c\n\n") == [b"a", b"c"]


def test_half_a_byte_order_mark_is_the_start_of_a_field_name() -> None:
    assert data_of(b"\xef\xbb", b"data: a\n\ndata: b\n\n") == [b"b"]


def test_comments_give_no_event_and_do_not_part_one() -> None:
    assert data_of(b": hello\n\ndata: a\n: ping\ndata: b\n\n:\n\n") == [b"a\nb"]


def test_only_one_leading_space_is_stripped() -> None:
    assert data_of(b"data:a\n\ndata: b\n\ndata:  c\n\ndata:\td\n\n") == [b"a", b"b", b" c", b"\td"]


def test_an_event_with_empty_data_is_not_dispatched() -> None:
    assert data_of(b"data\n\ndata:\n\ndata: \n\nevent: ping\n\ndata: a\n\ndata: \n\ndata: b\n\n") == [
        b"a",
        b"b",
    ]


def test_fields_without_a_colon_have_an_empty_value() -> None:
    events = decode([b"event\nid\ndata\ndata\n\n"])

    assert events == [SSEEvent("message", b"\n", "", None)]


def test_the_event_name_holds_for_one_event() -> None:
    events = decode([b"event: a\ndata: 1\n\ndata: 2\n\nevent: b\n\ndata: 3\n\n"])

    assert [event.event for event in events] == ["a", "message", "message"]


def test_runs_of_named_events_keep_their_names() -> None:
    events = decode([b"event: a\ndata: 1\n\nevent: b\ndata: 2\n\nevent: c\ndata: 3\n\n"])

    assert [(event.event, event.data) for event in events] == [("a", b"1"), ("b", b"2"), ("c", b"3")]


def test_the_id_holds_until_the_next_one_and_is_ignored_with_a_nul() -> None:
    events = decode([b"id: 1\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\nid: 2\n\ndata: d\n\nid\ndata: e\n\n"])

    assert [event.id for event in events] == ["1", "1", "1", "2", ""]


@pytest.mark.parametrize(
    ("value", "retry"),
    [
        (b"3000", 3000),
        (b"007", 7),
        (b"-1", None),
        (b"1.5", None),
        (b"1s", None),
        (b"", None),
        (b"9" * 5000, None),
    ],
)
def test_retry_counts_when_it_is_all_digits(value: bytes, retry: int | None) -> None:
    assert decode([b"retry: " + value + b"\ndata: a\n\n"]) == [SSEEvent(data=b"a", retry=retry)]


def test_characters_split_between_their_bytes_arrive_whole() -> None:
    body = "event: ü\ndata: 🙂\n\n".encode()

    assert decode([bytes([byte]) for byte in body]) == [SSEEvent("ü", "🙂".encode())]


def test_an_unterminated_event_is_dropped_but_shows_as_pending() -> None:
    decoder = SSEDecoder()

    assert decoder.feed(b"data: a\n\ndata: [DONE]\n") == [SSEEvent(data=b"a")]
    assert decoder.close() == []
    assert decoder.pending


@pytest.mark.parametrize("body", [b"", b"data: a\n\n", b"data: a\r\r", b"data: a\n\n: cut comm", b": a\n: b\n", b"\n"])
def test_nothing_is_pending_between_events(body: bytes) -> None:
    decoder = SSEDecoder()
    decoder.feed(body)

    assert not decoder.pending


@pytest.mark.parametrize("body", [b"d", b"data: a", b"data: a\n", b"event: a\n", b": ping\nid: 1\n"])
def test_the_start_of_an_event_is_pending(body: bytes) -> None:
    decoder = SSEDecoder()
    decoder.feed(body)

    assert decoder.pending


def test_an_event_of_exactly_the_limit_passes() -> None:
    assert decode([b"data: 789", b"0\r", b"\n\r\n"], max_event_size=10) == [SSEEvent(data=b"7890")]


@pytest.mark.parametrize(
    "body",
    [
        b"data: 78901\n\n",
        b"data: 78901",
        b"data: 7\ndata: 8\n",
        b":2345678901",
        b": 3\n: 7\n: 11\n",
        b"data: 78901\r",
    ],
)
def test_an_event_above_the_limit_is_refused(body: bytes) -> None:
    with pytest.raises(EventTooLarge, match="10 bytes"):
        decode([body], max_event_size=10)


def test_events_before_the_one_that_is_too_large_are_given_first() -> None:
    decoder = SSEDecoder(max_event_size=10)

    assert decoder.feed(b"data: a\n\ndata: b\n\n" + b"data: " + b"c" * 50) == [
        SSEEvent(data=b"a"),
        SSEEvent(data=b"b"),
    ]
    assert decoder.pending
    with pytest.raises(EventTooLarge):
        decoder.feed(b"\n\ndata: d\n\n")
    with pytest.raises(EventTooLarge):
        decoder.close()


def test_the_limit_is_for_one_event_and_not_for_a_chunk() -> None:
    assert len(decode([b"data: a\n\n" * 1000], max_event_size=10)) == 1000


@given(bodies, cuts, st.integers(min_value=1, max_value=40))
def test_the_limit_does_not_depend_on_the_split(body: bytes, at: list[int], limit: int) -> None:
    assert outcome(split(body, at), limit) == outcome([body], limit)


def outcome(chunks: list[bytes], limit: int) -> tuple[list[SSEEvent], bool]:
    decoder, events = SSEDecoder(limit), []
    try:
        for chunk in chunks:
            events += decoder.feed(chunk)
            assert len(decoder._held) <= limit + 1
        decoder.close()
    except EventTooLarge:
        return events, True
    return events, False


@pytest.mark.parametrize("endless", [b"x" * 1000, b": ping\n" * 100, b"data: a\n" * 100, b":" + b"." * 999])
def test_an_endless_event_is_refused_before_much_is_held(endless: bytes) -> None:
    decoder = SSEDecoder(max_event_size=10_000)

    for _ in range(10_000 // len(endless)):
        assert decoder.feed(endless) == []
    with pytest.raises(EventTooLarge):
        decoder.feed(endless)
    assert len(decoder._held) == 0


def test_a_megabyte_arriving_byte_by_byte_takes_linear_time() -> None:
    decoder = SSEDecoder(max_event_size=2_000_000)
    body = b"data: " + b"x" * 1_000_000 + b"\n\n"

    events = [event for byte in body for event in decoder.feed(byte.to_bytes())]

    assert [len(event.data) for event in events] == [1_000_000]
