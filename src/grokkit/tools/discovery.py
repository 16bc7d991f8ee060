"""Finding tools: in modules, and in installed packages through their entry points."""

from __future__ import annotations

import inspect
import pkgutil
import traceback
import warnings
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from grokkit.errors import Misused
from grokkit.masking import mask_keys
from grokkit.tools.entries import AnyTool, Entry, Gathered, offered
from grokkit.tools.names import joined
from grokkit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib import metadata

GROUP = "grokkit.tools"
"""The group of the entry points by which a package offers tools."""


class PluginFailed(Misused):
    """The tools of an installed package could not be loaded; the message names the package and the error."""

    hint = "tell the authors of the package, or load the others only: add_entry_points(only=[...])"


class ToolsLeftOut(UserWarning):
    """Some tools were left out: a plugin could not be loaded, a schema is none that Grok takes."""


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """An entry point that could not be loaded: its name, the package it belongs to, and what happened."""

    name: str
    package: str
    problem: str

    def __str__(self) -> str:
        return f"the tools of the plugin {self.name!r} ({self.package}) are left out: {self.problem}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an entry point offers."""

    name: str
    tools: Gathered


def tools_of_module(module: ModuleType | str, *, submodules: bool = False) -> list[AnyTool]:
    """The tools of a module, and of those below it on request; raises `Misused` when there is none."""
    root = _imported(module) if isinstance(module, str) else module
    modules = [root, *(_imported(name) for name in _below(root))] if submodules else [root]
    found = {id(made): made for each in modules for made in _tools_in(each)}
    if not found:
        raise Misused(
            f"the module {root.__name__} has no tools" + ("" if submodules else " of its own"),
            hint="decorate functions with @tool, name them in __all__ if it has one, or say submodules=True",
        )
    return list(found.values())


def load(group: str, only: Iterable[str] | None, *, strict: bool) -> tuple[list[Loaded], tuple[BrokenPlugin, ...]]:
    """What the entry points of a group offer, sorted by name, and those that are broken."""
    from importlib import metadata

    wanted = None if only is None else frozenset(only)
    loaded: list[Loaded] = []
    broken: list[BrokenPlugin] = []
    points: Iterable[metadata.EntryPoint] = metadata.entry_points(group=group)
    for point in sorted(points, key=lambda each: (each.name, each.value)):
        if wanted is not None and point.name not in wanted:
            continue
        try:
            loaded.append(Loaded(point.name, Gathered(_entries_of(point))))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a stranger's code does when it is imported
            broken.append(_told(point, error, strict=strict))
    _miss_nothing(group, wanted, loaded, broken)
    return loaded, tuple(broken)


def _miss_nothing(group: str, wanted: frozenset[str] | None, loaded: list[Loaded], broken: list[BrokenPlugin]) -> None:
    found = {each.name for each in loaded} | {each.name for each in broken}
    missing = sorted((wanted or frozenset()) - found)
    if missing:
        raise Misused(
            f"no installed package has the entry point {missing[0]!r} of the group {group}",
            hint="install the package that offers it, or leave the name out of only=[...]",
        )


def _told(point: metadata.EntryPoint, error: BaseException, *, strict: bool) -> BrokenPlugin:
    broken = BrokenPlugin(point.name, _package(point), mask_keys(_problem(error)))
    if strict:
        raise PluginFailed(str(broken)) from error
    warnings.warn(str(broken), ToolsLeftOut, stacklevel=4)
    return broken


def _problem(error: BaseException) -> str:
    [said] = traceback.format_exception_only(error)[-1:]
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return said.strip().splitlines()[0] + place


def _package(point: metadata.EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _entries_of(point: metadata.EntryPoint) -> tuple[Entry, ...]:
    """Everything is read here, so that what is broken in a plugin breaks now."""
    found: object = point.load()
    if inspect.isfunction(found):
        found = found()
    if isinstance(found, ModuleType):
        found = tools_of_module(found)
    origin = f"{_package(point)}, {point.value}"
    return tuple(_whole(entry, joined(namespace, entry.path), origin) for namespace, entry in offered(found))


def _whole(entry: Entry, path: str, origin: str) -> Entry:
    entry.tool.definition()
    return Entry(entry.tool, path, entry.tags, origin)


def _imported(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        problem = f"the module {name} cannot be imported: {error}"
        raise Misused(problem, hint="install it, or run where Python finds it (PYTHONPATH)") from error


def _below(root: ModuleType) -> list[str]:
    path: Iterable[str] = getattr(root, "__path__", ())
    found = (each.name for each in pkgutil.walk_packages(path, f"{root.__name__}."))
    return sorted(name for name in found if not name.rpartition(".")[2].startswith("_"))


def _tools_in(module: ModuleType) -> list[AnyTool]:
    offered: Iterable[str] | None = getattr(module, "__all__", None)
    names = [name for name in vars(module) if not name.startswith("_")] if offered is None else offered
    return [value for name in names if isinstance(value := getattr(module, name, None), Tool)]
