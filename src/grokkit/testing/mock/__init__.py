"""A transport without a network: routes or a function answer the calls, and every call is remembered."""

from grokkit.testing.mock.recorded import RecordedCall
from grokkit.testing.mock.replies import Body, Pause, json_reply, sse_reply
from grokkit.testing.mock.route import Route
from grokkit.testing.mock.transport import MockTransport, UnexpectedCall, Unfulfilled

__all__ = [
    "Body",
    "MockTransport",
    "Pause",
    "RecordedCall",
    "Route",
    "UnexpectedCall",
    "Unfulfilled",
    "json_reply",
    "sse_reply",
]
