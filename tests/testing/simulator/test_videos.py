"""Videos: what is refused, what is pending, done or failed, and what it costs."""

from __future__ import annotations

import base64
from datetime import date
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.nouns.media.assets import Assets
from grokkit.testing.simulator.nouns.media.clip import clip, seconds_of
from grokkit.testing.simulator.nouns.media.jpeg import picture
from grokkit.testing.simulator.nouns.videos import VideoJobs

if TYPE_CHECKING:
    from grokkit.testing.simulator.fetching import Fetched

GENERATIONS = "/v1/videos/generations"
EDITS = "/v1/videos/edits"
EXTENSIONS = "/v1/videos/extensions"
CENT = 100_000_000
AS_OF = date(2026, 10, 27)
PICTURE = {"url": "data:image/jpeg;base64," + base64.b64encode(picture("a source", 160, 80)).decode()}
NEWEST = "grok-imagine-video-1.5"


def _simulator(**options: Any) -> Simulator:
    options.setdefault("job_seconds", 40.0)
    return Simulator(clock=TurnableClock(), as_of=AS_OF, **options)


def _film(seconds: float) -> dict[str, str]:
    content = clip(picture("a source", 160, 80), 160, 80, seconds)
    return {"url": "data:video/mp4;base64," + base64.b64encode(content).decode()}


async def _ask(sim: Simulator, path: str = GENERATIONS, **body: Any) -> Fetched:
    return await sim.fetch("POST", path, json={"prompt": "a red cat walks"} | body)


async def _poll(sim: Simulator, begun: Fetched) -> Fetched:
    return await sim.fetch("GET", f"/v1/videos/{begun.json['request_id']}")


async def _outcome(sim: Simulator, begun: Fetched) -> dict[str, Any]:
    assert isinstance(sim.clock, TurnableClock)
    await sim.clock.advance(40)
    reply = await _poll(sim, begun)
    assert (reply.status, drift("/v1/videos/x", 200, reply.body)) == (200, [])
    result: dict[str, Any] = reply.json
    return result


async def test_a_video_is_pending_with_progress_and_then_done() -> None:
    sim = _simulator()
    assert isinstance(sim.clock, TurnableClock)
    begun = await _ask(sim)

    await sim.clock.advance(10)
    pending = await _poll(sim, begun)
    done = await _outcome(sim, begun)

    assert drift(GENERATIONS, 200, begun.body) == []
    assert begun.json == {"request_id": begun.headers["x-request-id"]}
    assert (pending.status, pending.json) == (202, {"status": "pending", "progress": 25})
    assert done["video"]["url"].endswith(".mp4")
    assert {name: done[name] for name in ("status", "model", "progress", "usage")} == {
        "status": "done",
        "model": "grok-imagine-video",
        "progress": 100,
        "usage": {"cost_in_usd_ticks": 40 * CENT},
    }
    assert (done["video"]["duration"], done["video"]["respect_moderation"]) == (8, True)


async def test_pending_may_have_no_body() -> None:
    sim = _simulator()
    sim.state(VideoJobs).pending = "empty"

    pending = await _poll(sim, await _ask(sim))

    assert (pending.status, pending.body) == (202, b"")


async def test_an_unknown_video_is_not_found() -> None:
    assert (await _simulator().fetch("GET", "/v1/videos/none")).status == 404


async def test_the_file_lasts_as_long_as_asked_and_expires() -> None:
    async with Simulator(clock=TurnableClock(), job_seconds=0) as sim, aiohttp.ClientSession() as session:
        done = (await _poll(sim, await _ask(sim, duration=5, aspect_ratio="9:16", resolution="720p"))).json

        async with session.get(done["video"]["url"]) as reply:
            content = await reply.read()
        assert isinstance(sim.clock, TurnableClock)
        await sim.clock.advance(sim.state(Assets).life_seconds)
        async with session.get(done["video"]["url"]) as late:
            assert late.status == 404

        assert reply.content_type == "video/mp4"
        assert seconds_of(content) == 5


@pytest.mark.parametrize(
    ("body", "ticks"),
    [
        ({"duration": 1}, 5 * CENT),
        ({"duration": "15"}, 75 * CENT),
        ({"seconds": 2, "resolution": "720p"}, 14 * CENT),
        ({"model": NEWEST, "duration": 10, "resolution": "1080p"}, 250 * CENT),
        ({"model": NEWEST, "duration": 10, "resolution": "480p"}, 80 * CENT),
        ({"model": "grok-imagine-video-1.5-lite", "duration": 4, "resolution": "720p"}, 12 * CENT),
    ],
)
async def test_the_cost_is_seconds_times_price(body: dict[str, Any], ticks: int) -> None:
    sim = _simulator()

    done = await _outcome(sim, await _ask(sim, **body))

    assert done["usage"] == {"cost_in_usd_ticks": ticks}


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": None, "image": PICTURE},
        {"prompt": None, "input_reference": PICTURE},
        {"image": PICTURE, "last_frame": PICTURE, "model": NEWEST},
        {"reference_images": [PICTURE] * 7},
        {"reference_audios": [{"voice_id": "ara"}], "model": NEWEST},
        {"keyframes": [{"image": PICTURE, "timestamp_s": 4.5}], "model": NEWEST},
        {"generate_audio": True, "aspect_ratio": "2:3", "user": "me"},
    ],
)
async def test_videos_are_made_from_words_images_and_voices(body: dict[str, Any]) -> None:
    assert (await _ask(_simulator(), **body)).status == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"prompt": ""}, 400),
        ({"prompt": None}, 400),
        ({"duration": 0}, 400),
        ({"duration": 16}, 400),
        ({"duration": "long"}, 400),
        ({"duration": "9" * 5000}, 400),
        ({"duration": []}, 422),
        ({"aspect_ratio": "1:7"}, 422),
        ({"resolution": "4k"}, 422),
        ({"resolution": "1080p"}, 400),
        ({"model": "grok-imagine-image"}, 400),
        ({"model": "no-such-model"}, 404),
        ({"service_tier": "priority"}, 400),
        ({"image": {"url": "data:image/gif;base64,R0lG"}}, 400),
        ({"image": PICTURE, "reference_images": [PICTURE]}, 400),
        ({"reference_images": [PICTURE] * 8}, 400),
        ({"reference_audios": [{"voice_id": "ara"}] * 4, "model": NEWEST}, 400),
        ({"reference_audios": [{"voice_id": "ara", "url": "https://example.com/a.mp3"}], "model": NEWEST}, 400),
        ({"reference_audios": [{}], "model": NEWEST}, 400),
        ({"reference_audios": [{"voice_id": "ara"}]}, 400),
        ({"keyframes": [{"image": PICTURE, "timestamp_s": 1}]}, 400),
        ({"keyframes": [{"image": PICTURE, "timestamp_s": 1}] * 5, "model": NEWEST}, 400),
        ({"keyframes": [{"image": PICTURE, "timestamp_s": 0}], "model": NEWEST}, 400),
        ({"keyframes": [{"image": PICTURE, "timestamp_s": 8}], "model": NEWEST}, 400),
        ({"keyframes": [{"image": PICTURE}], "model": NEWEST}, 422),
        ({"storage_options": {"filename": "a", "expires_after": 0}}, 400),
    ],
)
async def test_videos_that_cannot_be_are_refused(body: dict[str, Any], status: int) -> None:
    reply = await _ask(_simulator(), **body)

    assert reply.status == status
    assert status == 422 or list(reply.json) == ["code", "error"]


async def test_an_edit_is_as_long_as_its_source() -> None:
    sim = _simulator()

    done = await _outcome(sim, await _ask(sim, EDITS, video=_film(4)))

    assert (done["video"]["duration"], done["usage"]["cost_in_usd_ticks"]) == (4, 20 * CENT)


async def test_an_extension_goes_on_and_only_the_addition_is_billed() -> None:
    sim = _simulator()
    first = await _outcome(sim, await _ask(sim, duration=5))

    longer = await _outcome(sim, await _ask(sim, EXTENSIONS, video={"url": first["video"]["url"]}, duration=10))

    assert (longer["video"]["duration"], longer["usage"]["cost_in_usd_ticks"]) == (15, 50 * CENT)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (EDITS, {}, 422),
        (EDITS, {"video": _film(9)}, 400),
        (EDITS, {"video": _film(3), "model": NEWEST}, 400),
        (EDITS, {"video": PICTURE}, 400),
        (EDITS, {"video": {"url": "data:video/mp4;base64,AAAAGGZ0eXBtdmhk"}}, 200),
        (EDITS, {"video": _film(3), "prompt": ""}, 400),
        (EDITS, {"video": {"file_id": "file_1"}}, 404),
        (EXTENSIONS, {"video": _film(1)}, 400),
        (EXTENSIONS, {"video": _film(16)}, 400),
        (EXTENSIONS, {"video": _film(3), "duration": 1}, 400),
        (EXTENSIONS, {"video": _film(3), "duration": 11}, 400),
    ],
)
async def test_edits_and_extensions_that_cannot_be_are_refused(path: str, body: dict[str, Any], status: int) -> None:
    assert (await _ask(_simulator(), path, **body)).status == status


async def test_a_failed_video_is_answered_with_200() -> None:
    sim = _simulator()
    sim.state(VideoJobs).fail_next("service_unavailable", "The engine is overloaded.")

    failed = await _outcome(sim, await _ask(sim))

    assert failed == {
        "status": "failed",
        "video": {"url": "", "duration": 0, "respect_moderation": True},
        "error": {"code": "service_unavailable", "message": "The engine is overloaded."},
        "progress": 0,
    }
    assert (await _outcome(sim, await _ask(sim)))["status"] == "done"


async def test_moderation_leaves_no_address_and_takes_the_money() -> None:
    sim = _simulator()

    done = await _outcome(sim, await _ask(sim, prompt="something NSFW"))

    assert done["video"] == {"url": "", "duration": 0, "respect_moderation": False}
    assert done["usage"] == {"cost_in_usd_ticks": 40 * CENT}
    assert (await _ask(sim, prompt="a bioweapon")).status == 403


async def test_without_retention_an_upload_address_is_needed() -> None:
    sim = _simulator(zero_data_retention=True)

    refused = await _ask(sim)
    done = await _outcome(sim, await _ask(sim, output={"upload_url": "https://up.example/v"}))

    assert refused.json["error"] == "Zero Data Retention teams must provide output.upload_url for video generation."
    assert done["video"]["url"] == "https://up.example/v"
    assert seconds_of(sim.state(Assets).uploaded["https://up.example/v"]) == 8


async def test_videos_can_be_stored_as_files() -> None:
    sim = _simulator()

    done = await _outcome(sim, await _ask(sim, storage_options={"filename": "cat.mp4"}))
    again = await _ask(sim, EXTENSIONS, video={"file_id": done["video"]["file_output"]["file_id"]})

    assert done["video"]["file_output"]["filename"] == "cat.mp4"
    assert again.status == 200


async def test_another_teams_video_is_not_found() -> None:
    sim = _simulator()
    begun = await _ask(sim)

    sim.keys.by_secret[sim.key].team_id = "another"

    assert (await _poll(sim, begun)).status == 404
