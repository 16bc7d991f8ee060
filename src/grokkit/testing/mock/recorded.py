"""A call as the mock remembers it: the call itself, with a look into its body, and no key in any repr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from multidict import CIMultiDict

from grokkit.call import Call
from grokkit.masking import mask_keys

if TYPE_CHECKING:
    from grokkit.testing.multipart import Part

_SHOWN = 200
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"})


class RecordedHeaders(CIMultiDict[str]):
    """Headers by name in any case. Their repr has no credentials.

    >>> RecordedHeaders({"Authorization": "Bearer xai-1234567890", "Accept": "*/*"})
    <RecordedHeaders Authorization: ***, Accept: */*>
    """

    def __repr__(self) -> str:
        shown = (
            f"{name}: {'***' if name.lower() in _SECRET_HEADERS else mask_keys(value)}" for name, value in self.items()
        )
        return f"<RecordedHeaders {', '.join(shown)}>"


class RecordedCall(Call, frozen=True, kw_only=True):
    """A `Call` that a mock received, with typed access to what it says."""

    @property
    def json(self) -> Any:
        """The body as the server would decode it. Raises `ValueError` for a body that is no JSON."""
        try:
            return msgspec.json.decode(self.content() or b"")
        except msgspec.DecodeError as error:
            raise ValueError(f"the body of {self.ref} is no JSON: {error}") from error

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of a chat request, or the items of a Responses `input`; a plain text is one of the user."""
        body = self.json
        said = body.get("messages", body.get("input", []))
        return [{"role": "user", "content": said}] if isinstance(said, str) else said

    @property
    def last_message(self) -> str:
        """The text of the last message, in either dialect; of a tool's result, its output."""
        message = self.messages[-1] if self.messages else {}
        content = message.get("content", message.get("output", ""))
        if not isinstance(content, list):
            return content or ""
        return "".join(part.get("text") or "" for part in content if isinstance(part, dict))

    @property
    def tool_names(self) -> list[str]:
        """The names of the tools that are offered, or the types of those without a name."""
        tools = self.json.get("tools") or ()
        return [(tool.get("function") or tool).get("name") or tool.get("type", "") for tool in tools]

    @property
    def parts(self) -> list[Part]:
        """The parts of a multipart body. Raises `ValueError` when it is none."""
        from grokkit.testing.multipart import read_parts

        return read_parts(self.content() or b"", self.headers.get("content-type", ""))

    def __repr__(self) -> str:
        text = mask_keys((self.content() or b"").decode("utf-8", "replace"))
        return f"<{self.ref} {text[:_SHOWN]}{'...' if len(text) > _SHOWN else ''}>".replace(" >", ">")

    def __rich_repr__(self) -> Any:
        """What rich shows: the repr, and so no key."""
        yield repr(self)


def recorded(call: Call) -> RecordedCall:
    """A call as it is remembered."""
    fields = {name: getattr(call, name) for name in call.__struct_fields__}
    fields["headers"] = RecordedHeaders(call.headers)
    fields["model"] = call.model or _model_of(call)
    return RecordedCall(**fields)


def _model_of(call: Call) -> str | None:
    body = call.body
    model = body.get("model") if body is not None and not isinstance(body, bytes) else None
    return model if isinstance(model, str) else None
