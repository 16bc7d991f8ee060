"""What a config file is once it was read: tables of names, and the lines on which the names stand."""

from typing import TypeAlias

Table: TypeAlias = dict[str, object]
Keys: TypeAlias = tuple[str, ...]
"""The names that lead to a value, from the outermost table on."""

Lines: TypeAlias = dict[Keys, int]
