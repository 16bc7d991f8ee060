"""A YAML text as values, and the line on which each name stands."""

from typing import TYPE_CHECKING, cast

from .tables import Keys, Lines, Table
from .unfit import Unfit, found, redact

if TYPE_CHECKING:
    from yaml.nodes import Node

DEEPEST = 4
"""No setting is further down than profiles, a name, a setting, a part."""


def parse_yaml(text: str) -> tuple[Table, Lines]:
    """The values of a YAML text and their lines; raises `Unfit` with the place of a mistake."""
    import yaml

    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        table = {} if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise Unfit(f"{line}: is not YAML: {redact(error.problem or 'it cannot be read')}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Unfit(": is not YAML: it holds characters or values that cannot be read") from None
    if not isinstance(table, dict):
        raise Unfit(f":1: is a table of settings; found {found(table)}")
    return cast("Table", table), _lines(node)


def _lines(root: "Node | None") -> Lines:
    """The line of each key; raises `Unfit` for a key that stands twice in one table."""
    from yaml.nodes import MappingNode, ScalarNode

    lines: Lines = {}
    tables: list[tuple[Keys, Node | None]] = [((), root)]
    while tables:
        prefix, node = tables.pop()
        if not isinstance(node, MappingNode) or len(prefix) > DEEPEST:
            continue
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                continue
            keys = (*prefix, key.value)
            line = key.start_mark.line + 1
            if keys in lines and lines[keys] != line:
                raise Unfit(f":{line}: has {redact(key.value)!r} a second time, after line {lines[keys]}")
            lines[keys] = line
            tables.append((keys, value))
    return lines
