"""Images: what is refused, what is made, what it costs, where it can be fetched, and when."""

from __future__ import annotations

import base64
import struct
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

import aiohttp
import openai
import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator
from grokkit.testing.simulator.nouns.images.request import Ratio
from grokkit.testing.simulator.nouns.media.assets import Assets
from grokkit.testing.simulator.nouns.media.jpeg import dimensions, picture, size_of
from grokkit.testing.simulator.nouns.media.moderation import Moderation

if TYPE_CHECKING:
    from grokkit.testing.simulator.fetching import Fetched

GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"
CENT = 100_000_000
JPEG = b"\xff\xd8\xff"
AS_OF = date(2026, 10, 27)
RATIOS = [ratio for ratio in get_args(Ratio) if ratio != "auto"]


def _simulator(**options: Any) -> Simulator:
    options.setdefault("as_of", AS_OF)
    return Simulator(clock=TurnableClock(), **options)


async def _generate(sim: Simulator, **body: Any) -> Fetched:
    return await sim.fetch("POST", GENERATIONS, json={"prompt": "a red cat"} | body)


async def _edit(sim: Simulator, **body: Any) -> Fetched:
    return await sim.fetch("POST", EDITS, json={"prompt": "make it blue"} | body)


def _data_url(content: bytes, kind: str = "image/jpeg") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


PICTURE = _data_url(picture("a source", 160, 80))


async def test_an_image_comes_by_address_in_the_recorded_shape() -> None:
    reply = await _generate(_simulator(), model="grok-imagine-image")

    assert drift(GENERATIONS, 200, reply.body) == []
    assert list(reply.json["data"][0]) == ["url", "mime_type", "revised_prompt"]
    assert reply.json["usage"] == {"cost_in_usd_ticks": 2 * CENT}
    assert reply.headers["x-ratelimit-limit-requests"] == "360"
    assert "x-ratelimit-limit-tokens" not in reply.headers
    assert reply.headers["x-request-id"]


async def test_addresses_are_served_without_a_key_until_they_expire() -> None:
    async with _simulator() as sim, aiohttp.ClientSession() as session:
        url = (await _generate(sim)).json["data"][0]["url"]

        async with session.get(url) as reply:
            content = await reply.read()
        assert isinstance(sim.clock, TurnableClock)
        await sim.clock.advance(sim.state(Assets).life_seconds)
        async with session.get(url) as late:
            assert late.status == 404

        assert (reply.status, reply.content_type) == (200, "image/jpeg")
        assert content.startswith(JPEG)
        assert content.endswith(b"\xff\xd9")


@pytest.mark.parametrize("ratio", RATIOS)
async def test_the_image_has_the_ratio_and_the_area_of_its_resolution(ratio: str) -> None:
    sim = _simulator()

    reply = await _generate(sim, aspect_ratio=ratio, resolution="2k", response_format="b64_json")
    width, height = size_of(base64.b64decode(reply.json["data"][0]["b64_json"])) or (0, 0)

    across, down = map(float, ratio.split(":"))
    assert (width, height) == dimensions("2k", ratio)
    assert width / height == pytest.approx(across / down, rel=0.02)
    assert width * height == pytest.approx(2048 * 2048, rel=0.02)


async def test_b64_json_carries_the_same_image_for_the_same_seed_and_prompt() -> None:
    first = await _generate(_simulator(), response_format="b64_json", n=2)
    again = await _generate(_simulator(), response_format="b64_json", n=2)
    other = await _generate(_simulator(seed=1), response_format="b64_json", n=2)

    assert first.json["data"] == again.json["data"] != other.json["data"]
    assert first.json["data"][0]["b64_json"] != first.json["data"][1]["b64_json"]
    assert drift(GENERATIONS, 200, first.body) == []


@pytest.mark.parametrize(
    ("body", "cents"),
    [
        ({"model": "grok-imagine-image"}, 2),
        ({"model": "grok-imagine-image", "n": 10, "resolution": "2k"}, 20),
        ({"model": "grok-imagine-image-2.0"}, 6),
        ({"model": "grok-imagine-image-2.0", "quality": "auto", "resolution": "1.5k"}, 7),
        ({"model": "grok-imagine-image-2.0", "quality": "low"}, 4),
        ({"model": "grok-imagine-image-2.0", "quality": "low", "resolution": "2k", "n": 3}, 18),
        ({"model": "grok-imagine-image-2.0", "quality": "medium", "resolution": "2k"}, 8),
        ({"model": "grok-imagine-image-quality", "resolution": "1.5k"}, 6),
    ],
)
async def test_the_cost_follows_model_quality_resolution_and_number(body: dict[str, Any], cents: int) -> None:
    sim = _simulator()

    reply = await _generate(sim, **body)

    assert len(reply.json["data"]) == body.get("n", 1)
    assert reply.json["usage"]["cost_in_usd_ticks"] == cents * CENT
    assert sim.calls[-1].bill is not None
    assert sim.calls[-1].bill.cost_ticks == cents * CENT


async def test_a_retired_name_is_served_by_its_heir_at_low_quality() -> None:
    reply = await _generate(_simulator(as_of=date(2026, 11, 3)), model="grok-imagine-image-quality")

    assert reply.json["usage"]["cost_in_usd_ticks"] == 4 * CENT


async def test_edits_cost_their_inputs_too() -> None:
    sim = _simulator()

    one = await _edit(sim, image={"url": PICTURE}, model="grok-imagine-image")
    three = await _edit(sim, images=[{"url": PICTURE}] * 3, model="grok-imagine-image-2.0", prompt="<IMAGE_2> on top")

    assert drift(EDITS, 200, one.body) == []
    assert one.json["usage"]["cost_in_usd_ticks"] == 220_000_000
    assert three.json["usage"]["cost_in_usd_ticks"] == 9 * CENT


async def test_an_edit_of_one_image_keeps_its_ratio() -> None:
    reply = await _edit(_simulator(), image={"image_url": PICTURE}, aspect_ratio="1:2", response_format="b64_json")

    width, height = size_of(base64.b64decode(reply.json["data"][0]["b64_json"])) or (0, 0)
    assert width / height == pytest.approx(2.0, rel=0.02)


async def test_images_of_the_simulator_and_uploaded_files_can_be_edited() -> None:
    sim = _simulator()
    made = (await _generate(sim, storage_options={"filename": "cat.jpeg"})).json["data"][0]

    by_url = await _edit(sim, image={"url": made["url"]})
    by_file = await _edit(sim, image={"file_id": made["file_output"]["file_id"]})

    assert (by_url.status, by_file.status) == (200, 200)


async def test_an_expired_address_cannot_be_edited() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock)
    url = (await _generate(sim)).json["data"][0]["url"]

    await clock.advance(sim.state(Assets).life_seconds)

    assert (await _edit(sim, image={"url": url})).status == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"prompt": ""}, 400),
        ({"prompt": "x" * 8001}, 400),
        ({"prompt": None}, 422),
        ({"n": 0}, 400),
        ({"n": 11}, 400),
        ({"n": "two"}, 422),
        ({"aspect_ratio": "7:3"}, 422),
        ({"resolution": "4k"}, 422),
        ({"response_format": "webp"}, 422),
        ({"model": "grok-imagine-image", "quality": "low"}, 400),
        ({"model": "grok-imagine-image-2.0", "quality": "high"}, 422),
        ({"model": "grok-4.7"}, 400),
        ({"model": "no-such-model"}, 404),
        ({"service_tier": "priority"}, 400),
        ({"deferred": True, "response_format": "b64_json"}, 400),
        ({"output": {"upload_urls": []}}, 400),
        ({"output": {"upload_urls": ["https://up.example/1"]}, "response_format": "b64_json"}, 400),
        ({"storage_options": {}}, 422),
        ({"storage_options": {"filename": ""}}, 400),
        ({"storage_options": {"filename": "a", "expires_after": 2592001}}, 400),
        ({"storage_options": {"filename": "a", "public_url": {"expires_after": 60}}}, 400),
    ],
)
async def test_generations_that_cannot_be_are_refused(body: dict[str, Any], status: int) -> None:
    reply = await _generate(_simulator(), **body)

    assert reply.status == status
    assert status == 422 or list(reply.json) == ["code", "error"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"image": {"url": PICTURE}, "images": [{"url": PICTURE}]},
        {"images": [{"url": PICTURE}] * 6},
        {"image": {"url": PICTURE}, "prompt": "<IMAGE_1> please"},
        {"image": {}},
        {"image": {"url": PICTURE, "file_id": "file_1"}},
        {"image": {"url": "ftp://example.com/a.png"}},
        {"image": {"url": "data:image/png;base64,%%%"}},
        {"image": {"url": "data:image/png,abc"}},
        {"image": {"url": "data:image/png;base64,\u00e9"}},
        {"image": {"url": "http://["}},
        {"image": {"url": _data_url(b"GIF89a")}},
    ],
)
async def test_edits_without_proper_images_are_refused(body: dict[str, Any]) -> None:
    assert (await _edit(_simulator(), **body)).status == 400


async def test_a_file_that_is_not_there_is_not_found() -> None:
    assert (await _edit(_simulator(), image={"file_id": "file_1"})).status == 404


async def test_images_on_the_net_are_taken_as_they_are() -> None:
    assert (await _edit(_simulator(), image={"url": "https://example.com/a.png"})).status == 200


async def test_a_deferred_image_is_pending_then_done_then_forgotten() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock, job_seconds=30, as_of=AS_OF)
    begun = await _generate(sim, deferred=True)
    path = f"/v1/images/{begun.json['request_id']}"

    pending = await sim.fetch("GET", path)
    await clock.advance(30)
    done = await sim.fetch("GET", path)
    again = await sim.fetch("GET", path)
    picked = await sim.fetch("GET", _path(done.json["data"][0]["url"]))
    await clock.advance(2 * 86_400)
    gone = await sim.fetch("GET", path)

    assert begun.json == {"request_id": begun.headers["x-request-id"]}
    assert (pending.status, pending.body) == (202, b"")
    assert drift(path, 200, done.body) == []
    assert (done.json["status"], done.json["usage"]) == ("done", {"cost_in_usd_ticks": 2 * CENT})
    assert again.json == done.json
    assert picked.body.startswith(JPEG)
    assert gone.status == 404


async def test_an_unknown_deferred_image_is_not_found() -> None:
    assert (await _simulator().fetch("GET", "/v1/images/none")).status == 404


async def test_prompts_against_the_guidelines_are_refused_with_the_check() -> None:
    reply = await _generate(_simulator(), prompt="a bioweapon")

    assert reply.status == 403
    assert reply.json == {
        "code": "permission-denied",
        "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO",
    }


async def test_images_that_moderation_holds_back_are_billed() -> None:
    clock = TurnableClock()
    sim = Simulator(clock=clock, as_of=AS_OF)
    sim.state(Moderation).blocked.add("clown")

    at_once = await _generate(sim, prompt="a clown")
    begun = await _generate(sim, prompt="a clown", deferred=True)
    await clock.advance(1)
    deferred = await sim.fetch("GET", f"/v1/images/{begun.json['request_id']}")

    assert (at_once.status, at_once.json["usage"]) == (400, {"cost_in_usd_ticks": 2 * CENT})
    assert drift("/v1/images/x", 200, deferred.body) == []
    assert (deferred.status, deferred.json["status"]) == (200, "failed")
    assert deferred.json["error"]["code"] == "invalid_argument"


async def test_old_days_have_old_codes() -> None:
    reply = await _generate(_simulator(as_of=date(2026, 4, 16)), prompt="nsfw")

    assert reply.json["code"] == "Client specified an invalid argument"


async def test_images_can_be_stored_as_public_files() -> None:
    sim = _simulator()

    reply = await _generate(
        sim, storage_options={"filename": "cat.jpeg", "expires_after": 7200, "public_url": {"expires_after": 3600}}
    )
    output = reply.json["data"][0]["file_output"]
    file = await sim.fetch("GET", f"/v1/files/{output['file_id']}")
    content = await sim.fetch("GET", f"/v1/files/{output['file_id']}/content")

    assert drift(GENERATIONS, 200, reply.body) == []
    assert output["expires_at"] - output["public_url_expires_at"] == 3600
    assert output["public_url"] == file.json["public_url"]
    assert content.body.startswith(JPEG)


async def test_an_upload_address_gets_the_image() -> None:
    sim = _simulator(zero_data_retention=True)

    refused = await _generate(sim, deferred=True)
    reply = await _generate(sim, output={"upload_urls": ["https://up.example/1"]})

    assert refused.status == 400
    assert reply.json["data"][0]["url"] == "https://up.example/1"
    assert sim.state(Assets).uploaded["https://up.example/1"].startswith(JPEG)


async def test_the_client_of_openai_makes_images() -> None:
    async with Simulator(as_of=AS_OF) as sim, openai.AsyncOpenAI(base_url=sim.base_url, api_key=sim.key) as client:
        made = await client.images.generate(model="grok-imagine-image", prompt="a cat", response_format="b64_json")

        assert made.data is not None
        assert base64.b64decode(made.data[0].b64_json or "").startswith(JPEG)


async def test_a_script_answers_in_place_of_the_painter() -> None:
    sim = _simulator()
    sim.on(path=GENERATIONS).reply(error="capacity")

    assert (await _generate(sim)).status == 429


@pytest.mark.parametrize("size", [(0, 0), (1, 4_000_000_000), (4_000_000_000, 1)])
async def test_pictures_of_absurd_sizes_do_no_harm(size: tuple[int, int]) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", *size)

    reply = await _edit(_simulator(), image={"url": _data_url(png, "image/png")}, response_format="b64_json")

    width, height = size_of(base64.b64decode(reply.json["data"][0]["b64_json"])) or (0, 0)
    assert 512 <= min(width, height) <= max(width, height) <= 2048
