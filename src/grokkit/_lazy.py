"""One list of public names for checkers and runtime: a package's own `if TYPE_CHECKING` block, read on demand."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def lazy(package: str, file: str) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """`__all__`, `__getattr__` and `__dir__` for a package whose names are imported under `if TYPE_CHECKING:`."""
    table = _names(Path(file).read_text(encoding="utf-8"))
    names = sorted([*table, "__version__"] if "." not in package else table)

    def getattr_(name: str) -> Any:
        if name == "__version__":
            from importlib import metadata

            return metadata.version(package)
        if name not in table:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(table[name]), name)
        vars(importlib.import_module(package))[name] = value
        return value

    return names, getattr_, lambda: names


def _names(source: str) -> dict[str, str]:
    guarded = (node for node in ast.parse(source).body if isinstance(node, ast.If))
    imports = (node for block in guarded for node in block.body if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name: str(node.module) for node in imports for alias in node.names}
