"""The peers, and an environment of its own for each library, under `.bench/`, kept between runs."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench"
SCRIPTS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True)
class Peer:
    """One library that is measured, with one script."""

    name: str
    requirement: tuple[str, ...]
    module: str
    script: Path
    sources: tuple[Path, ...] = ()
    """Files whose change makes the environment stale."""
    environment: str = ""
    """Whose environment it runs in, where that is not its own."""
    arguments: tuple[str, ...] = ()
    """What the script is told."""

    @property
    def home(self) -> Path:
        """Where its environment is."""
        return HOME / (self.environment or self.name)

    @property
    def python(self) -> Path:
        """The interpreter of the peer's environment."""
        return self.home / "bin" / "python"


PEERS = (
    Peer("aiohttp", ("aiohttp",), "aiohttp", SCRIPTS / "bare_aiohttp.py"),
    Peer("grokkit", ("-e", str(ROOT)), "grokkit", SCRIPTS / "grokkit_client.py", (ROOT / "pyproject.toml",)),
    Peer("xai-sdk", ("xai-sdk",), "xai_sdk", SCRIPTS / "xai_sdk_client.py"),
    Peer("openai", ("openai",), "openai", SCRIPTS / "openai_client.py"),
    Peer("litellm", ("litellm",), "litellm", SCRIPTS / "litellm_client.py"),
)
_AIOHTTP, _GROKKIT, _, _OPENAI, _ = PEERS

TOOL_PEERS = (
    Peer("by hand", (), "json", SCRIPTS / "by_hand.py"),
    replace(_GROKKIT, script=SCRIPTS / "grokkit_tools.py"),
    Peer("pydantic-ai", ("pydantic-ai-slim[openai]",), "pydantic_ai", SCRIPTS / "pydantic_ai_tools.py"),
    replace(_OPENAI, script=SCRIPTS / "openai_tools.py"),
)
"""Those whose tools are measured."""

CACHE_PEERS = (
    _AIOHTTP,
    _GROKKIT,
    replace(_GROKKIT, name="from memory", environment="grokkit", arguments=("--cache", "memory")),
    replace(_GROKKIT, name="from SQLite", environment="grokkit", arguments=("--cache", f"sqlite:///{HOME}/answers.db")),
)
"""A call that is made, by aiohttp and by us, and one whose answer is there."""


class EnvironmentFailed(Exception):
    """A peer's environment could not be made; the message holds the installer's last words."""


def prepare(peer: Peer, *, refresh: bool = False) -> None:
    """Make the peer's environment unless it is there; `refresh` makes it again, with today's versions."""
    home = peer.home
    stamp, wanted = home / ".ready", _fingerprint(peer)
    if not refresh and stamp.is_file() and stamp.read_text() == wanted:
        return
    print(f"making .bench/{home.name}", file=sys.stderr)
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(exist_ok=True)
    _install(peer)
    stamp.write_text(wanted)


def _install(peer: Peer) -> None:
    home, uv = peer.home, _uv()
    if uv is None:
        _run(sys.executable, "-m", "venv", str(home))
        install = (str(peer.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    else:
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(home))
        install = (uv, "pip", "install", "--quiet", "--python", str(peer.python))
    if peer.requirement:
        _run(*install, *peer.requirement)


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
