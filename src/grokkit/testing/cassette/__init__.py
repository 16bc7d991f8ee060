"""Record calls once, replay them without a network: a transport, a readable file, and nothing secret in it."""

from grokkit.testing.cassette.checking import Drifted, cassettes_in, check
from grokkit.testing.cassette.failures import (
    CassetteBroken,
    CassetteDrift,
    CassetteError,
    CassetteMismatch,
    CassetteUnwritable,
)
from grokkit.testing.cassette.har import from_har
from grokkit.testing.cassette.interaction import Interaction
from grokkit.testing.cassette.listing import CATALOGUE, Listing, live_listing
from grokkit.testing.cassette.transport import Cassette

__all__ = [
    "CATALOGUE",
    "Cassette",
    "CassetteBroken",
    "CassetteDrift",
    "CassetteError",
    "CassetteMismatch",
    "CassetteUnwritable",
    "Drifted",
    "Interaction",
    "Listing",
    "cassettes_in",
    "check",
    "from_har",
    "live_listing",
]
