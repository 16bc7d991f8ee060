"""The embedded engine: a small real model served on the loopback interface, shared within a process.

Equal settings share one engine, which ends with its last handle or with the process, whichever is first.
"""

from __future__ import annotations

import atexit
import os
import threading
from pathlib import Path
from typing import Self

from grokkit.errors import ConfigInvalid, Misused
from grokkit.local import running, weights
from grokkit.local.process import HostProcess, Settings, check_model
from grokkit.local.running import Running

DEFAULT_MODEL = "smollm2-135m-instruct"
HIGHEST_PORT = 65_535
# The weights' own template puts in a system prompt with which the small model answers far worse.
PLAIN_CHAT = "chatml"


class _Shared:
    """One engine process and how many handles use it."""

    def __init__(self, process: HostProcess, settings: Settings) -> None:
        self.process = process
        self.settings = settings
        self.handles = 0


_lock = threading.RLock()
_engines: dict[Settings, _Shared] = {}


class Engine:
    """A handle on a running engine. `close()` it, or use it in a `with` block."""

    def __init__(self, base_url: str, model: str, path: Path | None, shared: _Shared | None = None) -> None:
        self._base_url = base_url
        self._shared = shared
        self._owner = os.getpid()
        self._closed = False
        self.model = model
        self.path = path

    @property
    def base_url(self) -> str:
        """Where it answers, as in "http://127.0.0.1:40123/v1". Raises `Misused` after close or in a fork."""
        if self._closed:
            raise Misused("this engine handle is closed", hint="start() gives a new one")
        if self._owner != os.getpid():
            raise Misused(
                f"this engine belongs to process {self._owner}, not to its child",
                hint="call start() in the child: it gets an engine of its own",
            )
        return self._base_url

    @property
    def owned(self) -> bool:
        """Whether this process started it; False for one that was running already."""
        return self._shared is not None

    @property
    def alive(self) -> bool:
        """Whether it can be used: not closed, and its process, if it is ours, still runs."""
        return not self._closed and (self._shared is None or self._shared.process.running)

    def describe(self) -> Running:
        """What others need to find it: `running.publish(engine.describe())`."""
        return Running(os.getpid(), self.base_url, self.model, str(self.path or ""))

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for an engine of ours to end by itself; its exit status, or None after `timeout` seconds."""
        return self._shared.process.wait(timeout) if self._shared else None

    def close(self) -> None:
        """Let go of it; the engine ends with its last handle. Closing twice does nothing.

        Nor does closing in a forked child: the engine is its parent's.
        """
        with _lock:
            if self._closed:
                return
            self._closed = True
            if self._shared is not None and self._owner == os.getpid():
                _release(self._shared)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else self._base_url
        return f"Engine({self.model!r}, {state})"


def start(
    model: Path | str | None = None,
    *,
    context_window: int = 2048,
    parallel: int = 4,
    threads: int | None = None,
    port: int = 0,
    log: bool = False,
    reuse: bool = True,
    ready_within: float = 60.0,
    cache: Path | None = None,
) -> Engine:
    """A handle on an engine that is ready to answer.

    `model` is the path of a GGUF file; without one, the weights that `grokkit local pull` keeps. Every one of
    `parallel` requests at a time has `context_window` tokens. `threads` are, by default, one fewer than the
    cores: an engine that wants a core somebody else is using slows down tenfold. `port=0` takes a free one.
    `log=True` lets llama.cpp write to standard error. With `reuse`, the server that GROKKIT_LOCAL_URL names, or a
    `grokkit local serve` of the same model, is used instead of a new one (not when a `port` is asked for).

    Blocking for up to `ready_within` seconds (well under one for the default model); in async code use
    `await asyncio.to_thread(start)`. Raises `ExtraMissing`, `ConfigInvalid` (no such model, not a GGUF file,
    port in use), `ConnectionFailed` (GROKKIT_LOCAL_URL does not answer) or `TimedOut`.

    >>> start("missing.gguf", reuse=False)
    Traceback (most recent call last):
    grokkit.errors.ConfigInvalid: cannot read the model missing.gguf: No such file or directory
    try: `grokkit local pull` fetches the small default model; any GGUF file works
    """
    _check_numbers(context_window=context_window, parallel=parallel, port=port, threads=threads)
    if reuse and not port and (named := os.environ.get("GROKKIT_LOCAL_URL")):
        return _attach(named)
    path, name, template = _model(model, cache)
    if reuse and not port and (found := running.find(cache)) and found.path == str(path):
        return Engine(found.base_url, found.model, path)
    settings = Settings(str(path), name, context_window, parallel, threads or _spare_cores(), port, template, log)
    return _own(settings, ready_within)


def _check_numbers(*, context_window: int, parallel: int, port: int, threads: int | None) -> None:
    least = {
        "context_window": context_window,
        "parallel": parallel,
        "threads": threads or 1,
        "port": port + 1,
    }
    for name, value in least.items():
        if value < 1:
            raise ConfigInvalid(f"{name} is too small", hint=f"give a positive {name}, or leave it out")
    if port > HIGHEST_PORT:
        raise ConfigInvalid(f"there is no port {port}", hint=f"choose one up to {HIGHEST_PORT}, or 0 for a free one")


def _spare_cores() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable - 1)


def _attach(base_url: str) -> Engine:
    names = running.served(base_url)
    return Engine(base_url.rstrip("/"), names[0] if names else DEFAULT_MODEL, None)


def _model(model: Path | str | None, cache: Path | None) -> tuple[Path, str, str | None]:
    if model is None:
        pulled = weights.installed(cache)
        if pulled is None:
            raise ConfigInvalid(
                f"the weights of the embedded model are not in {weights.cache_home(cache)}",
                hint="`grokkit local pull` fetches them (93 MB), or give the path of a GGUF file",
            )
        return pulled.resolve(), DEFAULT_MODEL, PLAIN_CHAT
    path = Path(model).expanduser()
    check_model(path)
    if path.name == weights.SMOLLM2.name:
        return path.resolve(), DEFAULT_MODEL, PLAIN_CHAT
    return path.resolve(), path.stem, None


def _own(settings: Settings, ready_within: float) -> Engine:
    with _lock:
        shared = _engines.get(settings)
        if shared is None or not shared.process.running:
            shared = _engines[settings] = _Shared(HostProcess(settings, ready_within), settings)
        shared.handles += 1
    url = f"http://127.0.0.1:{shared.process.port}/v1"
    return Engine(url, settings.name, Path(settings.path), shared)


def _release(shared: _Shared) -> None:
    shared.handles -= 1
    if shared.handles == 0:
        shared.process.end()
        if _engines.get(shared.settings) is shared:
            del _engines[shared.settings]


def _end_all() -> None:
    while _engines:
        _engines.popitem()[1].process.end()


def _forget() -> None:
    global _lock  # noqa: PLW0603 - the parent's lock may be held by a thread the child does not have
    _lock = threading.RLock()
    for shared in _engines.values():
        shared.process.disown()
    _engines.clear()


atexit.register(_end_all)
os.register_at_fork(after_in_child=_forget)
