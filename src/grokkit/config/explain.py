"""The account of a config in words: where each value comes from, and what settings there are."""

from collections.abc import Iterable, Sequence

from .kinds import Kind
from .layering import Setting, Spec
from .settings import SETTINGS


def format_explanation(settings: Iterable[Setting]) -> str:
    """The settings as an aligned table of plain text, a line for each and for each value overridden.

    >>> print(format_explanation([Setting("model", "grok-4", "argument"), Setting("store", "no", "default")]))
    SETTING  VALUE   SOURCE    OVERRODE
    model    grok-4  argument
    store    no      default
    """
    rows = [("SETTING", "VALUE", "SOURCE", "OVERRODE"), *(row for each in settings for row in _rows(each))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _rows(setting: Setting) -> list[tuple[str, str, str, str]]:
    overrode = [f"{origin.value} from {origin.source}" for origin in setting.overrode]
    first = (setting.name, setting.value, setting.source, overrode[0] if overrode else "")
    return [first, *(("", "", "", line) for line in overrode[1:])]


def settings_table(specs: Sequence[Spec] = SETTINGS) -> str:
    """Every setting as a Markdown table: what it is for, what it takes, its default, its variables."""
    rows = [("Setting", "What it is", "Takes", "Default", "Environment"), ("---",) * 5]
    for spec in specs:
        variables = ", ".join(f"`{variable}`" for variable in spec.variables)
        rows.append((f"`{spec.name}`", spec.about, spec.kind.takes, _default(spec), variables))
        rows += _part_rows(spec)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _default(spec: Spec) -> str:
    return f"`{spec.kind.shown(spec.default)}`" if isinstance(spec.kind, Kind) else ""


def _part_rows(spec: Spec) -> list[tuple[str, str, str, str, str]]:
    if isinstance(spec.kind, Kind):
        return []
    group, values = spec.kind, spec.kind.every_part(spec.default)
    return [
        (
            f"`{spec.name}.{name}`",
            group.about(name),
            group.part(name).takes,
            f"`{group.part(name).shown(values[name])}`",
            f"`{spec.variables[0]}_{name.upper()}`",
        )
        for name in group.names
    ]
