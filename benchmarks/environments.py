"""The peers, and an environment of its own for each, under `.bench/`, kept between runs."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench"
SCRIPTS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True)
class Peer:
    """One library that is measured."""

    name: str
    requirement: tuple[str, ...]
    module: str
    script: Path
    sources: tuple[Path, ...] = ()
    """Files whose change makes the environment stale."""

    @property
    def python(self) -> Path:
        """The interpreter of the peer's environment."""
        return HOME / self.name / "bin" / "python"


PEERS = (
    Peer("aiohttp", ("aiohttp",), "aiohttp", SCRIPTS / "bare_aiohttp.py"),
    Peer("grokkit", ("-e", str(ROOT)), "grokkit", SCRIPTS / "grokkit_client.py", (ROOT / "pyproject.toml",)),
    Peer("xai-sdk", ("xai-sdk",), "xai_sdk", SCRIPTS / "xai_sdk_client.py"),
    Peer("openai", ("openai",), "openai", SCRIPTS / "openai_client.py"),
    Peer("litellm", ("litellm",), "litellm", SCRIPTS / "litellm_client.py"),
)


class EnvironmentFailed(Exception):
    """A peer's environment could not be made; the message holds the installer's last words."""


def prepare(peer: Peer, *, refresh: bool = False) -> None:
    """Make the peer's environment unless it is there; `refresh` makes it again, with today's versions."""
    home = HOME / peer.name
    stamp, wanted = home / ".ready", _fingerprint(peer)
    if not refresh and stamp.is_file() and stamp.read_text() == wanted:
        return
    print(f"making .bench/{peer.name}", file=sys.stderr)
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(exist_ok=True)
    uv = _uv()
    if uv is None:
        _run(sys.executable, "-m", "venv", str(home))
        _run(
            str(peer.python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *peer.requirement,
        )
    else:
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(home))
        _run(uv, "pip", "install", "--quiet", "--python", str(peer.python), *peer.requirement)
    stamp.write_text(wanted)


def _uv() -> str | None:
    beside = Path(sys.executable).parent / "uv"
    return str(beside) if beside.is_file() else shutil.which("uv")


def _fingerprint(peer: Peer) -> str:
    parts = [sys.version, *peer.requirement, *(path.read_text() for path in peer.sources)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EnvironmentFailed(f"{' '.join(command[:4])} ...: {done.stderr.strip()[-600:]}")
