"""Where settings are looked for: the environment, the project's file, the user's file."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grokkit.errors import ConfigInvalid

from .documents import PYPROJECT, Document, read_document
from .kinds import PATH, Kind
from .layering import Found, Spec, nearest, read_value, sealed
from .secret import Secret
from .unfit import Unfit, redact

PREFIX = "GROKKIT_"
CONFIG_VARIABLE = "GROKKIT_CONFIG"
PROJECT_FILES = ("grokkit.toml", "grokkit.yaml", "grokkit.yml", PYPROJECT)
USER_FILES = ("config.toml", "config.yaml", "config.yml")
LIKE_A_MISTAKE = 0.8


def our_variables(specs: Sequence[Spec], environ: Mapping[str, str]) -> dict[str, Secret]:
    """The variables that concern us, sealed; one that is empty counts as not set."""
    ours = {variable for spec in specs for variable, _ in variables_of(spec)}
    return {name: Secret(text) for name, text in environ.items() if text and (name in ours or name.startswith(PREFIX))}


def variables_of(spec: Spec) -> Iterator[tuple[str, str | None]]:
    """Each variable that sets a setting or one part of it, the most specific first, and that part."""
    if not isinstance(spec.kind, Kind):
        for part in spec.kind.names:
            yield f"{spec.variables[0]}_{part.upper()}", part
    for variable in spec.variables:
        yield variable, None


def from_environment(specs: Sequence[Spec], variables: Mapping[str, Secret], base: Path) -> list[Found]:
    """What the environment gives. Raises `ConfigInvalid`, also for a variable that looks misspelt."""
    known = {variable: (spec, part) for spec in specs for variable, part in variables_of(spec)}
    for name in variables:
        if name not in known and name != CONFIG_VARIABLE:
            _refuse_unknown_part(name, specs)
            _refuse_misspelt(name, [*known, CONFIG_VARIABLE])
    return [
        each
        for variable, (spec, part) in known.items()
        if variable in variables
        for each in _from_variable(variable, variables[variable], spec, part, base)
    ]


def _refuse_misspelt(name: str, known: Sequence[str]) -> None:
    ours = [variable.removeprefix(PREFIX) for variable in known if variable.startswith(PREFIX)]
    asked = name.removeprefix(PREFIX)
    same = (each for each in ours if _bare_words(each) == _bare_words(asked))
    near = next(same, None) or nearest(asked, ours, LIKE_A_MISTAKE)
    if near:
        raise _no_such_variable(name, f"did you mean {PREFIX}{near}?")


def _bare_words(name: str) -> list[str]:
    """The words of a name, each as one of it and in no order: RETRY_MAX, MAX_RETRIES and RETRIES_MAX are the same."""
    words = name.upper().split("_")
    return sorted(f"{word[:-3]}Y" if word.endswith("IES") else word.removesuffix("S") for word in words)


def _refuse_unknown_part(name: str, specs: Sequence[Spec]) -> None:
    for spec in specs:
        whole = f"{spec.variables[0]}_"
        if not isinstance(spec.kind, Kind) and spec.kind.names and name.startswith(whole):
            near = nearest(name.removeprefix(whole), spec.kind.names)
            parts = f"the parts of {spec.name} are {', '.join(spec.kind.names)}"
            raise _no_such_variable(name, f"did you mean {whole}{near.upper()}?" if near else parts)


def _no_such_variable(name: str, hint: str) -> ConfigInvalid:
    return ConfigInvalid(f"environment {redact(name)}: there is no such variable", hint=hint)


def _from_variable(variable: str, text: Secret, spec: Spec, part: str | None, base: Path) -> list[Found]:
    source = f"environment {variable}"
    kind = spec.kind.part(part) if part and not isinstance(spec.kind, Kind) else spec.kind
    value = sealed(kind.from_text(text.reveal()))
    return read_value(spec, {part: value} if part else value, lambda *_: source, base)


def chosen_file(variables: Mapping[str, Secret], cwd: Path) -> Path | bool:
    """What GROKKIT_CONFIG says: the one file to read, `False` for none, `True` to look for files."""
    if CONFIG_VARIABLE not in variables:
        return True
    path = PATH.fit(variables[CONFIG_VARIABLE])
    if isinstance(path, Unfit):
        raise ConfigInvalid(f"environment {CONFIG_VARIABLE} {path}")
    return cwd / path if isinstance(path, Path) else False


def config_documents(variables: Mapping[str, str], *, choice: Path | bool, cwd: Path, home: Path) -> list[Document]:
    """The files in force, the stronger first."""
    if isinstance(choice, Path):
        return [read_document(choice) or Document(choice, {}, {})]
    if not choice:
        return []
    found = [project_document(cwd, home), user_document(variables, home)]
    return [document for document in found if document]


def project_document(cwd: Path, home: Path) -> Document | None:
    """The file of the nearest directory that has one, no higher than repository or home."""
    for directory in (cwd, *cwd.parents):
        document = _only_document(directory, PROJECT_FILES)
        if document or directory == home or _is_there(directory / ".git"):
            return document
    return None


def user_document(variables: Mapping[str, str], home: Path) -> Document | None:
    """The file in $XDG_CONFIG_HOME/grokkit, or ~/.config/grokkit."""
    named = Path(variables.get("XDG_CONFIG_HOME", ""))
    directory = named if named.is_absolute() else home / ".config"
    return _only_document(directory / "grokkit", USER_FILES)


def _only_document(directory: Path, names: Sequence[str]) -> Document | None:
    paths = [directory / name for name in names if _is_there(directory / name)]
    documents = [document for document in map(read_document, paths) if document]
    if len(documents) > 1:
        one, other, *_ = (document.path.name for document in documents)
        message = f"{directory} holds two config files, {one} and {other}"
        raise ConfigInvalid(message, hint=f"keep one of them, or name it in {CONFIG_VARIABLE}")
    return documents[0] if documents else None


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except OSError:
        return False
    return True


def home_directory(environ: Mapping[str, str]) -> Path:
    """$HOME, or what the system says; the filesystem's root when nobody knows."""
    try:
        return Path(environ.get("HOME") or Path.home())
    except RuntimeError:
        return Path(os.sep)
