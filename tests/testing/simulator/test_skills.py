"""Hosted skills."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from grokkit.testing.clock import TurnableClock
from grokkit.testing.openapi import drift
from grokkit.testing.simulator import Simulator

BOUNDARY = "a-boundary"
CARD = "---\nname: charts\ndescription: Draws charts.\n---\n# Charts\n"


def _zip(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return buffer.getvalue()


async def _upload(sim: Simulator, *files: tuple[str, bytes]) -> Any:
    body = b""
    for name, data in files:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return await sim.fetch("POST", "/v1/skills", content=body + f"--{BOUNDARY}--\r\n".encode(), headers=headers)


def _simulator() -> Simulator:
    return Simulator(clock=TurnableClock())


@pytest.mark.parametrize(
    "files",
    [
        [("charts.zip", _zip(charts__SKILL_md=CARD, charts__draw_py="print()"))],
        [("charts/SKILL.md", CARD.encode()), ("charts/draw.py", b"print()")],
    ],
)
async def test_a_skill_is_a_zip_or_the_files_of_a_directory(files: list[tuple[str, bytes]]) -> None:
    sim = _simulator()

    made = await _upload(sim, *files)
    content = await sim.fetch("GET", f"/v1/skills/{made.json['id']}/content")

    assert drift("/v1/skills", 200, made.body, method="POST") == []
    assert (made.json["name"], made.json["description"]) == ("charts", "Draws charts.")
    assert content.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(content.body)) as archive:
        assert sorted(archive.namelist()) == ["charts/SKILL.md", "charts/draw.py"]


@pytest.mark.parametrize(
    "files",
    [
        [],
        [("README.md", b"Hello")],
        [("SKILL.md", b"# No front matter")],
        [("SKILL.md", b"---\nname: Not Allowed\ndescription: x\n---\n")],
        [("SKILL.md", b"---\nname: charts\n---\n")],
        [("a/SKILL.md", CARD.encode()), ("b/SKILL.md", CARD.encode())],
    ],
)
async def test_what_is_no_skill_is_a_400(files: list[tuple[str, bytes]]) -> None:
    assert (await _upload(_simulator(), *files)).status == 400


async def test_a_skill_that_is_too_large_is_a_413() -> None:
    files = [("SKILL.md", CARD.encode()), ("big.bin", b"x" * (31 * 1024 * 1024))]

    assert (await _upload(_simulator(), *files)).status == 413


async def test_skills_are_listed_in_pages_by_their_last_id() -> None:
    sim = _simulator()
    ids = [(await _upload(sim, ("SKILL.md", CARD.encode()))).json["id"] for _ in range(3)]

    first = await sim.fetch("GET", "/v1/skills?limit=2&order=asc")
    second = await sim.fetch("GET", f"/v1/skills?limit=2&order=asc&after={first.json['last_id']}")
    newest = await sim.fetch("GET", "/v1/skills?limit=1")

    assert drift("/v1/skills", 200, first.body, method="GET") == []
    assert [skill["id"] for skill in first.json["data"] + second.json["data"]] == ids
    assert (first.json["has_more"], second.json["has_more"]) == (True, False)
    assert newest.json["first_id"] == ids[-1]


async def test_a_deleted_skill_is_gone() -> None:
    sim = _simulator()
    path = f"/v1/skills/{(await _upload(sim, ('SKILL.md', CARD.encode()))).json['id']}"

    deleted = await sim.fetch("DELETE", path)

    assert drift(path, 200, deleted.body, method="DELETE") == []
    assert [(await sim.fetch("GET", gone)).status for gone in (path, f"{path}/content")] == [404, 404]
    assert (await sim.fetch("GET", "/v1/skills")).json["data"] == []


@pytest.mark.parametrize("query", ["limit=0", "order=up", "after=skill_none"])
async def test_a_listing_that_cannot_be_is_a_400(query: str) -> None:
    assert (await _simulator().fetch("GET", f"/v1/skills?{query}")).status == 400
