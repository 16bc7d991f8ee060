"""The addresses of what was made: the simulator serves them itself, without a key, until they expire on its clock.

The real ones are on `imgen.x.ai` and `vidgen.x.ai`; here the host is the one that was asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from grokkit.testing.simulator.handlers import Table
from grokkit.testing.simulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from grokkit.testing.simulator.visit import Outcome, Visit

table = Table()

_HOUR = 3600.0


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """Something made that can be downloaded for a while."""

    make: Callable[[], bytes]
    """Called for each download: the same bytes every time."""
    media_type: str
    expires_at: float


class Assets:
    """Everything made, by path. `life_seconds` is how long addresses work; `uploaded` has what went to addresses
    that the caller gave (`output.upload_urls`), by address: the simulator itself calls nobody."""

    def __init__(self) -> None:
        self.life_seconds = _HOUR
        self.uploaded: dict[str, bytes] = {}
        self._by_path: dict[str, Asset] = {}

    def add(self, path: str, asset: Asset) -> None:
        """Serve an asset."""
        self._by_path[path] = asset

    def find(self, path: str, now: float) -> Asset | None:
        """The asset at a path, if it is still there."""
        asset = self._by_path.get(path)
        return asset if asset is not None and now < asset.expires_at else None


def publish(
    visit: Visit, host: Literal["imgen", "vidgen"], ending: str, media_type: str, make: Callable[[], bytes]
) -> str:
    """The address of something new."""
    assets = visit.simulator.state(Assets)
    path = f"/{host}/{visit.simulator.new_id()}.{ending}"
    assets.add(path, Asset(make=make, media_type=media_type, expires_at=visit.now() + assets.life_seconds))
    return _origin(visit) + path


def content_at(visit: Visit, url: str) -> bytes | None:
    """The bytes behind an address: those of an asset of this simulator, `None` for other people's.

    Raises 400 for an asset that is gone.
    """
    try:
        path = urlsplit(url).path
    except ValueError:
        raise Refusal.flat(400, "invalid-argument", f"Invalid URL: {url[:80]}") from None
    if not path.startswith(("/imgen/", "/vidgen/")) or not url.startswith(_origin(visit)):
        return None
    asset = visit.simulator.state(Assets).find(path, visit.now())
    if asset is None:
        raise Refusal.flat(400, "invalid-argument", f"Failed to fetch {url}: 404 Not Found")
    return asset.make()


def _origin(visit: Visit) -> str:
    host = visit.headers.get("host")
    return f"http://{host}" if host else visit.simulator.base_url.removesuffix("/v1")


@table.on("GET", "/imgen/{name}", needs_key=False)
@table.on("GET", "/vidgen/{name}", needs_key=False)
def download(visit: Visit) -> Outcome:
    """The bytes at an address, or 404 when it expired."""
    asset = visit.simulator.state(Assets).find(visit.path, visit.now())
    if asset is None:
        raise Refusal.text(404, "Not Found")
    return visit.data(asset.make(), asset.media_type)
