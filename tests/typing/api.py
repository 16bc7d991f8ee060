"""Never run, only checked: what type checkers see of the public surface."""

from collections.abc import AsyncIterator
from typing import assert_type

from grokkit import Answer, AsyncGrok, AsyncStream, Grok, Stream, StreamEvent, TextDelta, Usage
from grokkit.resources.downloads import Download


def blocking() -> None:
    grok = Grok(api_key="xai-...", timeout=10)
    assert_type(grok.ask("Hi"), Answer)
    assert_type(grok.ask("Hi", model="grok-4.3", temperature=0.2, timeout=5).usage, Usage)
    assert_type(grok.chat.create("grok-4.7", messages=[{"role": "user", "content": "Hi"}]).text, str)
    with grok.stream("Hi") as stream:
        assert_type(stream, Stream)
        for event in stream:
            assert_type(event, StreamEvent)
            if isinstance(event, TextDelta):
                assert_type(event.text, str)
    assert_type(stream.result, Answer)
    assert_type(grok.with_options(timeout=1), Grok)
    assert_type(grok.download("https://imgen.x.ai/1.jpeg", max_size=10_000_000, types={"image/*"}), Download)
    assert_type(grok.close(), None)


async def asynchronous() -> None:
    async with AsyncGrok() as grok:
        assert_type(await grok.ask("Hi"), Answer)
        assert_type(await grok.download("https://imgen.x.ai/1.jpeg", to="1.jpeg"), Download)
        assert_type(await grok.responses.create(input="Hi", store=True), Answer)
        async with grok.chat.stream(messages=[]) as stream:
            assert_type(stream, AsyncStream)
            assert_type(stream.text(), AsyncIterator[str])
        assert_type(await stream.done(), Answer)
