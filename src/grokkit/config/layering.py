"""Values from many sources become one: the first found wins, and it is known what it overrode."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from grokkit.errors import ConfigInvalid

from .groups import Group
from .kinds import Kind
from .secret import Secret, SecretURL
from .unfit import Unfit, found, quoted

DEFAULT = "default"


class Where(Protocol):
    """Words for the place where a value was found, from the names that lead to it: setting, part, name in a table."""

    def __call__(self, *names: str) -> str:
        """The words."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """A value, secrets masked, and where it was found."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of `config.explain()`: what is in force, where it comes from, what it overrode."""

    name: str
    value: str
    source: str
    overrode: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Spec:
    """All there is to know about one setting; made from its line in `Config`."""

    name: str
    about: str
    kind: Kind | Group
    default: object
    variables: tuple[str, ...]
    """The environment variables that set it, the strongest first."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value that one source gives to one setting, or to one part of it."""

    path: str
    value: object = field(repr=False)
    setting: Setting

    @property
    def source(self) -> str:
        """Where it was found."""
        return self.setting.source


def sealed(value: object) -> object:
    """The same value with every text in it a `Secret`: what may stand in a frame that raises."""
    if isinstance(value, str):
        return Secret(value)
    if isinstance(value, Mapping):
        return {name: sealed(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [sealed(item) for item in value]
    return value


def read_table(specs: Sequence[Spec], table: Mapping[str, object], where: Where, base: Path | None) -> list[Found]:
    """What a (sealed) table of names and values gives; relative paths in it start at `base`.

    Raises `ConfigInvalid` for a name that is no setting and for a value that its setting does not take.
    """
    known = {spec.name: spec for spec in specs}
    values: list[Found] = []
    for name, value in table.items():
        spec = known.get(name)
        if spec is None:
            raise unknown_name(name, known, where(name))
        values += read_value(spec, value, where, base)
    return values


def read_value(spec: Spec, value: object, where: Where, base: Path | None = None) -> list[Found]:
    """What one (sealed) value gives to its setting, or to the parts of it."""
    if isinstance(spec.kind, Kind):
        return [_read((spec.name,), spec.kind, value, where, base)]
    group = spec.kind
    return [
        _read((spec.name, part), group.part(part), item, where, base)
        for part, item in _split(spec.name, group, value, where).items()
    ]


def _split(name: str, group: Group, value: object, where: Where) -> Mapping[str, object]:
    parts = _try_split(group, value)
    if isinstance(parts, Unfit):
        raise misfit(name, parts, where(name))
    for part in parts:
        if group.names and part not in group.names:
            raise unknown_name(part, group.names, where(name, part), within=name)
    return parts


def _try_split(group: Group, value: object) -> Mapping[str, object] | Unfit:
    try:
        parts = group.split(value.reveal() if isinstance(value, Secret) else value)
    except Unfit as unfit:
        return unfit.bare()
    return {part: sealed(item) for part, item in parts.items()}


def _read(names: tuple[str, ...], kind: Kind, value: object, where: Where, base: Path | None) -> Found:
    path = ".".join(names)
    fitting = kind.fit(value)
    if isinstance(fitting, Unfit):
        raise misfit(path, fitting, where(*names) if fitting.key is None else where(*names, fitting.key))
    if base is not None:
        fitting = _from(base, fitting)
    return Found(path, fitting, Setting(path, kind.shown(fitting), where(*names)))


def _from(base: Path, value: object) -> object:
    if isinstance(value, Path):
        return base / value
    if isinstance(value, SecretURL):
        return value.from_folder(base)
    return value


def misfit(path: str, unfit: Unfit, source: str) -> ConfigInvalid:
    """The error for a value that its setting does not take."""
    return ConfigInvalid(f"{source}: {path} {unfit}", hint=unfit.hint, param=path)


def unknown_name(name: object, known: Iterable[str], source: str, *, within: str = "") -> ConfigInvalid:
    """The error for a name that is no setting, with the nearest one that is."""
    names = list(known)
    if not isinstance(name, str):
        return ConfigInvalid(f"{source}: names of settings are texts; found {found(name)}")
    near = nearest(name, names)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
    return ConfigInvalid(f"{source}: {within or 'grokkit'} has no setting {quoted(name)}", hint=hint)


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that is most like this one, if any is like it at all."""
    from difflib import get_close_matches

    by_fold = {candidate.lower(): candidate for candidate in known}
    matches = get_close_matches(name.lower().replace("-", "_"), by_fold, n=1, cutoff=cutoff)
    return by_fold[matches[0]] if matches else None


def defaults(specs: Sequence[Spec]) -> list[Found]:
    """What holds where no source says anything."""
    return [each for spec in specs for each in as_found(spec, spec.default, lambda _: Setting("", "", DEFAULT))]


def as_found(spec: Spec, value: object, setting: Callable[[str], Setting]) -> list[Found]:
    """A value that was read before, as found where `setting` says."""
    if isinstance(spec.kind, Kind):
        return [_as_found(spec.name, spec.kind, value, setting)]
    group = spec.kind
    parts = group.every_part(value).items()
    return [_as_found(f"{spec.name}.{part}", group.part(part), item, setting) for part, item in parts]


def _as_found(path: str, kind: Kind, value: object, setting: Callable[[str], Setting]) -> Found:
    known = setting(path)
    return Found(path, value, Setting(path, kind.shown(value), known.source, known.overrode))


def settle(specs: Sequence[Spec], values: Iterable[Found]) -> tuple[dict[str, object], tuple[Setting, ...]]:
    """The value of each setting, and the account of where each comes from; the first found wins."""
    by_path: dict[str, list[Found]] = {}
    for each in values:
        by_path.setdefault(each.path, []).append(each)
    chosen: dict[str, object] = {}
    settings: list[Setting] = []
    for spec in specs:
        paths = _paths(spec, by_path)
        accounts = [_account(by_path[path]) for path in paths]
        settings += accounts
        parts = {path.removeprefix(f"{spec.name}."): by_path[path][0].value for path in paths}
        chosen[spec.name] = parts[spec.name] if isinstance(spec.kind, Kind) else _joined(spec.kind, parts, accounts)
    return chosen, tuple(settings)


def _joined(group: Group, parts: Mapping[str, object], settings: Iterable[Setting]) -> object:
    try:
        return group.join(parts)
    except ConfigInvalid as error:
        clash = error
    source = next((each.source for each in settings if each.name.endswith(f".{clash.param}")), DEFAULT)
    raise ConfigInvalid(f"{source}: {clash.message}", hint=clash.hint, param=clash.param)


def _paths(spec: Spec, by_path: Mapping[str, object]) -> list[str]:
    if isinstance(spec.kind, Kind):
        return [spec.name]
    if spec.kind.names:
        return [f"{spec.name}.{part}" for part in spec.kind.names]
    return sorted(path for path in by_path if path.startswith(f"{spec.name}."))


def _account(values: Sequence[Found]) -> Setting:
    winner, *others = (each.setting for each in values)
    overrode = [*winner.overrode]
    for other in others:
        if other.source != DEFAULT:
            overrode += [Origin(other.value, other.source), *other.overrode]
    return Setting(winner.name, winner.value, winner.source, tuple(overrode))
