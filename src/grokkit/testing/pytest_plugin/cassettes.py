"""The cassette of a test: where its file is, how it records, and what becomes of the file when the test fails."""

from __future__ import annotations

import os
import re
import zlib
from typing import TYPE_CHECKING, Any, cast

import pytest

from grokkit.testing.cassette import Cassette
from grokkit.testing.pytest_plugin import fixtures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from grokkit.call import Call, Reply
    from grokkit.testing.cassette.transport import Mode
    from grokkit.testing.pytest_plugin.exchanges import Exchanges
    from grokkit.testing.pytest_plugin.notes import Notes

_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 100


class _WatchedCassette(Cassette):
    exchanges: Exchanges

    async def send(self, call: Call) -> Reply:
        return await self.exchanges.watch(call, super().send)


class Before:
    """A file as it was, and what is done to have it so again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._content = path.read_bytes() if path.is_file() else None

    def restore(self) -> None:
        """Put back what was there, and take away the empty folders that were made for it."""
        if self._content is not None:
            self._path.write_bytes(self._content)
            return
        self._path.unlink(missing_ok=True)
        for folder in (self._path.parent, self._path.parent.parent):
            if not folder.is_dir() or any(folder.iterdir()):
                return
            folder.rmdir()


def cassette(request: pytest.FixtureRequest, notes: Notes) -> Iterator[Cassette]:
    """See `grok_cassette`."""
    options = fixtures.marked(request, "grok_cassette")
    path = path_of(request.node, options.pop("path", None))
    mode = mode_of(request.config.getoption("--grok-record"), options.pop("mode", None), os.environ)
    before = Before(path)
    made = _made(path, mode, {"clock": fixtures.clock(request), **options})
    made.exchanges = notes.exchanges
    yield made
    if made.recorded and not notes.passed:
        before.restore()


def path_of(item: pytest.Item, given: str | None) -> Path:
    """The file of a test's cassette: cassettes/<module>/<test>.json, or the path given, beside the test's own file."""
    folder = item.path.parent
    if given is not None:
        return folder / given
    cls = getattr(item, "cls", None)
    name = f"{cls.__name__}.{item.name}" if cls is not None else item.name
    return folder / "cassettes" / item.path.stem / f"{file_name(name)}.json"


def file_name(name: str) -> str:
    """A test's name as a file may be called: the same for the same name, another for another.

    >>> file_name("test_greets"), file_name("test_greets[Oslo]")
    ('test_greets', 'test_greets-Oslo')
    >>> file_name("test_greets[a/b]"), file_name("test_greets[a:b]")
    ('test_greets-a-b-199d7622', 'test_greets-a-b-037017b9')
    """
    plain = name.replace("[", "-").removesuffix("]")
    fit = _UNFIT.sub("-", plain)[:_LONGEST]
    return fit if fit == plain else f"{fit}-{zlib.crc32(name.encode()):08x}"


def mode_of(option: str | None, marker: str | None, environment: Mapping[str, str]) -> Mode:
    """How a cassette records: what the command line says, else the marker, else `none` in CI and `once` elsewhere.

    >>> mode_of(None, None, {"CI": "true"}), mode_of(None, None, {}), mode_of("all", "none", {})
    ('none', 'once', 'all')
    """
    in_ci = environment.get("CI", "").lower() not in {"", "0", "false"}
    return cast("Mode", option or marker or ("none" if in_ci else "once"))


def _made(path: Path, mode: Mode, options: dict[str, Any]) -> _WatchedCassette:
    try:
        return _WatchedCassette(path, mode, **options)
    except (TypeError, ValueError) as error:
        pytest.fail(f"@pytest.mark.grok_cassette takes mode, path and the options of Cassette: {error}", pytrace=False)
