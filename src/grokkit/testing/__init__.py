"""The test kit: a transport without a network and a clock that tests turn."""

from grokkit.testing.cassette import Cassette
from grokkit.testing.clock import TurnableClock
from grokkit.testing.mock import Body, MockTransport, Pause, RecordedCall, json_reply, sse_reply

__all__ = ["Body", "Cassette", "MockTransport", "Pause", "RecordedCall", "TurnableClock", "json_reply", "sse_reply"]
