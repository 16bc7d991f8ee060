"""What `@ai-sdk/xai` has besides text, unchanged: files, batches, images, videos, speech."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from grokkit.testing.simulator import Simulator

MP4 = {"type": "video/mp4", "box": "ftyp"}


@pytest.fixture(scope="module")
def steps(run: Any, simulator: Simulator) -> Any:
    return run(simulator, "resources.mjs")


def test_a_file_is_uploaded_asked_about_read_and_deleted(steps: Any) -> None:
    text = "Grüße, Welt\n"

    assert steps["files"] == {
        "name": "greeting.txt",
        "bytes": len(text.encode()),
        "text": "1 + 1 = 2",
        "content": text,
        "deleted": True,
    }


def test_a_batch_is_started_polled_and_read(steps: Any) -> None:
    results = {result["id"]: (result["status"], result["text"]) for result in steps["batch"]}

    assert results == {"number-0": ("succeeded", "6 * 7 = 42"), "number-1": ("succeeded", "2 + 2 = 4")}


def test_an_image_and_a_video_are_made(steps: Any) -> None:
    assert steps["image"] == [0xFF, 0xD8, 0xFF]
    assert steps["video"] == MP4


def test_speech_is_made_and_heard(steps: Any) -> None:
    assert steps["speech"]["bytes"]
    assert isinstance(steps["transcript"], str)
