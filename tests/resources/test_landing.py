"""A file that is being written appears whole or not at all, whatever ends it and whenever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from grokkit.errors import DownloadRefused
from grokkit.resources.landing import Landing

if TYPE_CHECKING:
    from pathlib import Path


async def test_it_appears_when_it_is_finished(tmp_path: Path) -> None:
    async with Landing(tmp_path / "a") as landing:
        await landing.take(b"one ")
        await landing.take(b"two")
        assert not (tmp_path / "a").exists()
        await landing.finish()

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"one two")]


async def test_nothing_is_left_of_one_that_is_not(tmp_path: Path) -> None:
    async with Landing(tmp_path / "a") as landing:
        await landing.take(bytes(3_000_000))

    assert list(tmp_path.iterdir()) == []


async def test_nothing_is_left_of_one_whose_opening_nobody_waited_for(tmp_path: Path) -> None:
    landing = Landing(tmp_path / "a")
    with landing._busy:
        opening = asyncio.create_task(landing.__aenter__())
        await asyncio.wait([opening], timeout=0)
        opening.cancel()

    with pytest.raises(asyncio.CancelledError):
        await opening

    await landing._do(landing._open)  # as a thread that comes late
    assert list(tmp_path.iterdir()) == []


async def test_it_has_the_rights_that_any_new_file_has(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"")

    async with Landing(tmp_path / "a") as landing:
        await landing.finish()

    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


async def test_a_name_as_long_as_names_may_be_is_fine(tmp_path: Path) -> None:
    async with Landing(tmp_path / ("a" * 255)) as landing:
        await landing.finish()

    assert len(list(tmp_path.iterdir())) == 1


async def test_a_folder_in_its_place_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    with pytest.raises(DownloadRefused, match="folder"):
        await Landing(tmp_path / "a").__aenter__()

    assert [path.name for path in tmp_path.iterdir()] == ["a"]
