"""What the simulator saw and did, one record a request: `sim.calls`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from grokkit.testing.simulator.bill import Bill


class Seen(msgspec.Struct, kw_only=True):
    """One request that arrived. The record is filled while it is answered."""

    method: str
    path: str
    endpoint: str = ""
    """The path as the API writes it, `/v1/files/{file_id}`; empty for one that it has not."""
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    """Names in lower case; the credential is masked."""
    content: bytes = b""
    id: str = ""
    """The request id that the reply carries."""
    model: str | None = None
    """As it was asked for."""
    last: str | None = None
    """The text of the last message, for requests that carry a conversation."""
    tools: tuple[str, ...] = ()
    """Names of the functions offered."""
    status: int | None = None
    """`None` while nothing was answered."""
    frames: int = 0
    """How many events were sent."""
    sent: int = 0
    """How many bytes of body were sent."""
    disconnected: bool = False
    """Whether the caller left before the end."""
    finished: bool = False
    rule: str | None = None
    """The scripted rule that answered, if one did."""
    fault: str | None = None
    """What went wrong on purpose."""
    bill: Bill | None = None
    started: float = 0.0
    """On the simulator's clock."""
    ended: float | None = None
    management: bool = False

    @property
    def json(self) -> Any:
        """The body decoded; `None` when it is no JSON."""
        try:
            return msgspec.json.decode(self.content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def __repr__(self) -> str:
        model = f" ({self.model})" if self.model else ""
        return f"<{self.method} {self.path}{model} -> {self.status or 'pending'}>"
