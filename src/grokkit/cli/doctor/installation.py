"""Whether what grokkit needs is installed."""

from __future__ import annotations

import platform
import ssl
from importlib import metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING

from grokkit.cli.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = ("grokkit", "aiohttp", "msgspec")
EXTRAS = {"cli": ("click", "rich"), "local": ("xllamacpp",), "httpx2": ("httpx2",), "yaml": ("yaml",)}


def examine() -> Iterator[Finding]:
    """The versions, the extras, the weights of the small model."""
    python = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("versions", "ok", f"{python}, {ssl.OPENSSL_VERSION}")
    yield _packages()
    yield _extras()
    yield _weights()


def _packages() -> Finding:
    versions = {name: _version(name) for name in PACKAGES}
    missing = [name for name, version in versions.items() if version is None]
    if missing:
        words = f"not installed: {', '.join(missing)}"
        return Finding("packages", "fail", words, "pip install --force-reinstall grokkit")
    return Finding("packages", "ok", ", ".join(f"{name} {version}" for name, version in versions.items()))


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _extras() -> Finding:
    there = [extra for extra, modules in EXTRAS.items() if all(find_spec(module) for module in modules)]
    absent = [extra for extra in EXTRAS if extra not in there]
    words = f"installed: {', '.join(there)}"
    if not absent:
        return Finding("extras", "ok", words)
    return Finding("extras", "ok", f"{words}; optional and absent: {', '.join(absent)} (grokkit[{','.join(absent)}])")


def _weights() -> Finding:
    from grokkit import local

    path = local.installed()
    if path is None:
        return Finding("local model", "skip", "no weights here; optional: grokkit local pull")
    return Finding("local model", "ok", str(path))
