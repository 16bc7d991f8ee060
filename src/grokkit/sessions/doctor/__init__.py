"""The history doctor: any list of items becomes one that the Responses API accepts; a valid one stays as it is."""

from grokkit.sessions.doctor.change import Change, Item, Mended
from grokkit.sessions.doctor.mend import mend
from grokkit.sessions.doctor.results import is_synthetic

__all__ = ["Change", "Item", "Mended", "is_synthetic", "mend"]
