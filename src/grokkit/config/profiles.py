"""What the config files say: the profile above the top level, the project's file above the user's."""

import os
import stat
import warnings
from collections.abc import Mapping, Sequence
from itertools import chain

from grokkit.errors import ConfigInvalid

from .documents import Document
from .layering import Found, Where, misfit, read_table
from .settings import SETTINGS
from .unfit import Unfit, found, redact

PROFILES = "profiles"


class KeyExposed(UserWarning):
    """A config file that holds a key can be read by every user of the machine."""


def from_documents(documents: Sequence[Document], outer: Sequence[Found]) -> list[Found]:
    """What the files give, the strongest first; every profile is checked, and the chosen one counts.

    Raises `ConfigInvalid`, also for a profile that no file has. Warns with `KeyExposed`.
    """
    top = [_top_level(document) for document in documents]
    profiles = [_profiles(document) for document in documents]
    for document, level, known in zip(documents, top, profiles, strict=True):
        _warn_of_exposed_key(document, [*level, *chain(*known.values())])
    chosen = next((each for each in chain(outer, *top) if each.path == "profile"), None)
    name = None if chosen is None else chosen.value
    if chosen is not None and name is not None and not any(name in known for known in profiles):
        raise _unknown_profile(chosen, sorted({*chain(*profiles)}))
    layers = ([*known.get(str(name), []), *level] for known, level in zip(profiles, top, strict=True))
    return [*chain(*layers)]


def _top_level(document: Document) -> list[Found]:
    table = {name: value for name, value in document.table.items() if name != PROFILES}
    return read_table(SETTINGS, table, _place(document), document.path.parent)


def _place(document: Document, *prefix: str) -> Where:
    def where(*names: object) -> str:
        return document.where((*prefix, *map(str, names)))

    return where


def _profiles(document: Document) -> dict[str, list[Found]]:
    tables = document.table.get(PROFILES, {})
    if not isinstance(tables, Mapping):
        raise misfit(PROFILES, Unfit(f"takes tables; found {found(tables)}"), document.where((PROFILES,)))
    return {str(name): _profile(document, str(name), table) for name, table in tables.items()}


def _profile(document: Document, name: str, table: object) -> list[Found]:
    place = _place(document, PROFILES, name)
    if not isinstance(table, Mapping):
        unfit = Unfit(f"takes a table of settings; found {found(table)}")
        raise misfit(f"{PROFILES}.{redact(name)}", unfit, document.where((PROFILES, name)))
    if "profile" in table:
        message = f"{place('profile')}: a profile cannot choose a profile"
        raise ConfigInvalid(message, hint="move the line to the top level", param="profile")
    return read_table(SETTINGS, table, place, document.path.parent)


def _unknown_profile(chosen: Found, known: Sequence[str]) -> ConfigInvalid:
    names = ", ".join(map(redact, known))
    hint = f"there are {names}" if known else "no config file that was read has profiles"
    return ConfigInvalid(f"{chosen.source}: there is no profile {chosen.setting.value!r}", hint=hint, param="profile")


def _warn_of_exposed_key(document: Document, values: Sequence[Found]) -> None:
    if os.name != "posix" or all(each.path != "api_key" for each in values):
        return
    if document.path.stat().st_mode & stat.S_IROTH:
        message = f"{document.path} holds a key and every user can read it: chmod 600 {document.path}"
        warnings.warn(message, KeyExposed, stacklevel=2)
