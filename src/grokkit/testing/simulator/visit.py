"""One request while it is answered: what a handler may ask of it, and the ways to answer."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from grokkit.testing.simulator.acls import permits_model
from grokkit.testing.simulator.asked import Asked, read_asked
from grokkit.testing.simulator.form import Part, read_form
from grokkit.testing.simulator.reading import read_as, read_json, shown
from grokkit.testing.simulator.refusal import JSON, invalid, not_permitted, undeserialisable
from grokkit.testing.simulator.schema_rules import unfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from grokkit.models import Model
    from grokkit.testing.simulator.bill import Bill
    from grokkit.testing.simulator.handlers import Head
    from grokkit.testing.simulator.keys import Key
    from grokkit.testing.simulator.script import Cue
    from grokkit.testing.simulator.simulator import Simulator
    from grokkit.testing.simulator.thought import Prompt, Thought

T = TypeVar("T")

EVENT_STREAM = "text/event-stream"


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One event of a stream: its data, how many tokens it brings (for the pace), and its name if it has one."""

    data: bytes
    tokens: int = 0
    event: str | None = None

    def encode(self) -> bytes:
        """As it goes over the wire."""
        name = b"" if self.event is None else b"event: " + self.event.encode() + b"\n"
        return name + b"data: " + self.data + b"\n\n"


IN_STREAM_ERROR = Frame(b'{"code":"unavailable","error":"Timed out waiting for first token"}')
"""An error in place of a chat chunk."""


class Outcome(msgspec.Struct, kw_only=True):
    """What a handler answers: a whole body, or the frames of a stream."""

    status: int = 200
    headers: dict[str, str] = {}
    media_type: str | None = JSON
    """`None` for a reply without a body."""
    body: bytes = b""
    frames: Iterable[Frame] | None = None
    error_frame: Frame = IN_STREAM_ERROR
    """What an error in mid-stream looks like here, for faults that want one."""
    bill: Bill | None = None
    """What the call consumed: the pace of a plain reply follows from it, and limits count it."""
    model: str | None = None
    """The model that served, for the rate-limit headers."""
    head: Head | None = None
    """Other headers than those of the endpoint."""


class Visit:
    """One request."""

    def __init__(
        self,
        simulator: Simulator,
        method: str,
        path: str,
        *,
        query_string: str = "",
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        key: Key | None = None,
    ) -> None:
        self.simulator = simulator
        self.method = method
        self.path = path
        self.headers = dict(headers or {})
        """The request's headers, names in lower case, without the credential."""
        self.content = content
        """The body as sent."""
        self.key = key
        self.id = simulator.new_id()
        """The request id: header `x-request-id`, and the id of the chat completion or response made."""
        self.params: dict[str, str] = {}
        """The parameters in the path."""
        self.cue: Cue | None = None
        """The scripted answer to this request, if a rule fits."""
        self.bill: Bill | None = None
        self.arrived = simulator.clock.now()
        """The moment it was there as a whole, on the simulator's clock."""
        self.on_socket = False
        """Whether it is an answer on a socket."""
        self.is_rated = True
        """Whether rate limits count it; those of a batch do not."""
        self._query = parse_qsl(query_string, keep_blank_values=True)

    def inner(self, method: str, path: str, body: Any) -> Visit:
        """A request within this one, by the same caller: a line of a batch, a turn on a socket. Scripts see it too."""
        content = b"" if body is None else msgspec.json.encode(body)
        headers = self.headers | {"content-type": JSON}
        visit = Visit(self.simulator, method, path, headers=headers, content=content, key=self.key)
        visit.on_socket = self.on_socket
        visit.cue = self.simulator.script.match(visit)
        return visit

    @functools.cached_property
    def query(self) -> dict[str, str]:
        """The query; of a name that is there twice, the last."""
        return dict(self._query)

    def queries(self, name: str) -> list[str]:
        """Every value of a name in the query."""
        return [value for known, value in self._query if known == name]

    @functools.cached_property
    def asked(self) -> Asked:
        """What is asked for, in any dialect: model, last message, tools. Never raises."""
        return read_asked(self.body)

    @functools.cached_property
    def body(self) -> Any:
        """The body decoded; `None` when it is no JSON. Never raises."""
        try:
            return msgspec.json.decode(self.content) if self.content else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises the API's own refusals: 415 without a JSON type, 400, 422."""
        value = read_json(self.content, self.headers.get("content-type", ""))
        if not isinstance(value, dict):
            raise undeserialisable(f"invalid type: {shown(value)}, expected a map")
        return value

    def read(self, kind: type[T]) -> T:
        """The body as a struct of yours: 415, 400, 422 that names the field, 400 for a `msgspec.Meta` bound."""
        return read_as(self.json(), self.content, kind)

    def form(self) -> list[Part]:
        """The parts of a multipart body, in their order. Raises 415 and 400."""
        return read_form(self.content, self.headers.get("content-type", ""))

    def model(self, name: str, dialect: str) -> Model:
        """The model that serves this name on `chat`, `responses`, `images`, `videos` ... Raises the API's refusal."""
        model = self.simulator.models.serving(name, dialect)
        if self.key is not None and not permits_model(self.key, model):
            raise not_permitted()
        return model

    async def think(self, prompt: Prompt) -> Thought:
        """The answer to a prompt: the script's, where a rule fits this request, else the mind's.

        Raises 400 for a tool whose parameters are no schema.
        """
        for tool in prompt.tools:
            if problem := unfit(tool.parameters, of_tool=True):
                raise invalid(f"Function {tool.name}: {problem}")
        return await self.simulator.think(prompt, self)

    def charge(self, prompt: Prompt, thoughts: Sequence[Thought]) -> Bill:
        """The bill of a prompt and the answers to it; it is kept as this request's."""
        self.bill = self.simulator.make_bill(prompt, thoughts, self)
        return self.bill

    def now(self) -> float:
        """Unix time, on the simulator's clock."""
        return self.simulator.time()

    def answer(self, value: Any, *, status: int = 200, model: str | None = None) -> Outcome:
        """A whole reply, as JSON."""
        return Outcome(status=status, body=msgspec.json.encode(value), bill=self.bill, model=model)

    def empty(self, status: int = 200) -> Outcome:
        """A reply without a body."""
        return Outcome(status=status, media_type=None)

    def data(self, content: bytes, media_type: str, **headers: str) -> Outcome:
        """A whole reply that is not JSON; `_` in header names stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Outcome(body=content, media_type=media_type, headers=named)

    def stream(self, frames: Iterable[Frame], *, model: str | None = None) -> Outcome:
        """A streamed reply. Give a plain generator: it costs nothing while it waits for the pace."""
        return Outcome(frames=frames, media_type=EVENT_STREAM, bill=self.bill, model=model)
