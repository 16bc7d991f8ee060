"""Fix the call: the same one fails the same way."""

from typing import Unpack

from grokkit.errors.root import Details, GrokError


class BadCall(GrokError):
    """Fix the call: making the same one again fails the same way."""


class InvalidRequest(BadCall):
    """The server understood the call and refused what was in it; `param` names the field when known."""

    hint = "change what the message names; the same call will be refused again"


class ContextTooLong(InvalidRequest):
    """The conversation does not fit the model's context window."""

    hint = "lower max tokens or shorten the conversation, or choose a model with a larger context window"


class ParameterRejected(InvalidRequest):
    """The model does not take this parameter, or not this value of it; `param` names it when known."""

    hint = "leave the parameter out, change its value, or choose a model that takes it"


class NotFound(BadCall):
    """No such address, response, file, video or other thing; it may have expired."""

    hint = "check the id and base_url; stored responses expire after 30 days"


class ModelNotFound(NotFound):
    """No model of this name is served to this key."""

    hint = "`grokkit models` lists the models this key can use"


class RequestTooLarge(BadCall):
    """The request or a file in it is larger than the server takes."""

    hint = "send less: smaller or fewer images and files (a file may have 50 MB)"


class ContentRefused(BadCall):
    """The content was stopped by xAI's usage policy."""

    hint = "change the content; the message names the check that failed, when the server said so"


class DownloadRefused(BadCall):
    """A file was not fetched, or not kept: its address, type or size is not allowed, or there is no room for it."""

    hint = "download what the rules allow, or widen them: hosts=..., types=..., max_size=..."


class ConfigInvalid(BadCall):
    """A setting has a wrong name, type or value."""

    hint = "`grokkit config explain` shows where each setting comes from"


class ExtraMissing(BadCall):
    """An optional dependency is not installed; `extra` is the extra that brings it."""

    def __init__(self, message: str, *, extra: str | None = None, **details: Unpack[Details]) -> None:
        super().__init__(message, **details)
        self.extra = extra
        self.hint = self.hint or (f"pip install 'grokkit[{extra}]'" if extra else None)


class Misused(BadCall):
    """The program used grokkit in a way that cannot work."""


class ClientClosed(Misused):
    """The client was closed before this call, or while it waited; `may_have_run` tells whether a try was sent."""

    hint = "make the call inside the client's `with` block, or make a new client"

    def __init__(self, message: str, *, may_have_run: bool = False, **details: Unpack[Details]) -> None:
        super().__init__(message, **details)
        self._ambiguous = may_have_run


class StreamNotOpen(Misused):
    """The stream was read before it was opened or after it was closed."""

    hint = "read the stream inside its `with` block"


class BlockingCallRefused(Misused):
    """A blocking call was made from grokkit's own event loop, where it would wait for itself, or has no thread."""

    hint = "use AsyncGrok and `await` there"
