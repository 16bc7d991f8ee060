"""Report a bug: neither the caller nor waiting can help."""

from grokkit.errors.root import GrokError


class ReportBug(GrokError):
    """Neither you nor waiting can help: please report it, with the ids."""

    hint = "report it with the ids above"


class ReplyUnreadable(ReportBug):
    """The reply is not what the API promises."""

    hint = "check that base_url is an xAI-compatible API (https://api.x.ai/v1); if it is, report this"


class StreamCorrupted(ReplyUnreadable):
    """A frame of the stream could not be read."""


class ReplyTooLarge(ReportBug):
    """The reply grew past the limit for bodies and was cut off."""


class EventTooLarge(ReplyTooLarge):
    """One event of a stream grew past the limit for events."""
