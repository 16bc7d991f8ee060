"""The test kit: a simulated xAI API, a transport without a network, recordings, and a clock that tests turn."""

from typing import TYPE_CHECKING

from grokkit._lazy import lazy

if TYPE_CHECKING:
    from grokkit.testing.assertions import assert_called as assert_called
    from grokkit.testing.assertions import assert_cost_below as assert_cost_below
    from grokkit.testing.assertions import assert_not_called as assert_not_called
    from grokkit.testing.assertions import assert_tokens_below as assert_tokens_below
    from grokkit.testing.cassette import Cassette as Cassette
    from grokkit.testing.clock import TurnableClock as TurnableClock
    from grokkit.testing.mock import Body as Body
    from grokkit.testing.mock import MockTransport as MockTransport
    from grokkit.testing.mock import Pause as Pause
    from grokkit.testing.mock import RecordedCall as RecordedCall
    from grokkit.testing.mock import json_reply as json_reply
    from grokkit.testing.mock import sse_reply as sse_reply
    from grokkit.testing.real_calls import RealCallRefused as RealCallRefused
    from grokkit.testing.real_calls import no_real_calls as no_real_calls
    from grokkit.testing.simulator import Fault as Fault
    from grokkit.testing.simulator import Simulator as Simulator

_, __getattr__, __dir__ = lazy(__name__, __file__)
__all__ = [
    "Body",
    "Cassette",
    "Fault",
    "MockTransport",
    "Pause",
    "RealCallRefused",
    "RecordedCall",
    "Simulator",
    "TurnableClock",
    "assert_called",
    "assert_cost_below",
    "assert_not_called",
    "assert_tokens_below",
    "json_reply",
    "no_real_calls",
    "sse_reply",
]
