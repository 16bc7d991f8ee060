"""All sources become one `Config`: argument, environment, project file, user file, default."""

import os
from collections.abc import Mapping
from pathlib import Path

from grokkit.errors import ConfigInvalid

from .layering import read_table
from .profiles import from_documents
from .settings import SETTINGS, Config, said
from .sources import chosen_file, config_documents, from_environment, home_directory, our_variables


def resolve(
    arguments: Mapping[str, object],
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    home: Path | None = None,
    files: bool | Path = True,
) -> Config:
    """The config that arguments, environment and files come to; each value knows where it is from.

    The first that says something wins: `arguments` (what is `NOT_GIVEN`, or `None` where a setting takes no
    `None`, says nothing), the environment, the profile and then the top level of the project's file, the
    same of the user's file, the default. `files` may name the one file to read, or be false for none.
    Raises `ConfigInvalid` for a wrong name, type, value or file, `ExtraMissing` for YAML without PyYAML.
    Warns with `KeyExposed`. Reads nothing before it is called and writes nothing.

    >>> config = resolve({"model": "grok-4"}, environ={"GROKKIT_TIMEOUT": "60"}, files=False)
    >>> config.model, config.timeout
    ('grok-4', Timeouts(total=60.0))
    """
    if environ is None:
        environ = os.environ
    given = said(arguments)
    variables = our_variables(SETTINGS, environ)
    places = {name: environ[name] for name in ("HOME", "XDG_CONFIG_HOME") if name in environ}
    del arguments, environ  # so that a traceback shows no key in this frame

    cwd = _absolute(cwd)
    choice = chosen_file(variables, cwd) if files is True else files and cwd / files
    documents = config_documents(places, choice=choice, cwd=cwd, home=home or home_directory(places))
    outer = [
        *read_table(SETTINGS, given, lambda *_: "argument", cwd),
        *from_environment(SETTINGS, variables, cwd),
    ]
    config = Config.of([*outer, *from_documents(documents, outer)])
    _require_files(config)
    return config


def _absolute(directory: Path | None) -> Path:
    try:
        return (directory or Path.cwd()).absolute()
    except FileNotFoundError:
        return Path(os.sep)


def _require_files(config: Config) -> None:
    for each in config.settings:
        value = getattr(config, each.name, None)
        if isinstance(value, Path) and not value.exists():
            raise ConfigInvalid(f"{each.source}: {each.name} is {value}, and there is no such file", param=each.name)
