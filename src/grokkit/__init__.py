"""Everything between your code and Grok: a client for xAI's API, typed, priced, traced and safe.

    from grokkit import Grok

    print(Grok().ask("Why is the sky blue?"))

Nothing is read, opened or loaded by importing this package; each name loads what it needs when it is first used.
"""

from typing import TYPE_CHECKING

from grokkit._lazy import lazy

if TYPE_CHECKING:
    from grokkit.agents.agent import AsyncAgent as AsyncAgent
    from grokkit.agents.limits import RunLimits as RunLimits
    from grokkit.call import Call as Call
    from grokkit.call import Layer as Layer
    from grokkit.call import Next as Next
    from grokkit.call import Reply as Reply
    from grokkit.client import AsyncGrok as AsyncGrok
    from grokkit.config import Cache as Cache
    from grokkit.config import Circuit as Circuit
    from grokkit.config import Config as Config
    from grokkit.config import Fallback as Fallback
    from grokkit.config import Hedge as Hedge
    from grokkit.config import RateLimit as RateLimit
    from grokkit.config import Retry as Retry
    from grokkit.config import Secret as Secret
    from grokkit.config import Timeouts as Timeouts
    from grokkit.errors import AskSomeone as AskSomeone
    from grokkit.errors import BadCall as BadCall
    from grokkit.errors import GrokError as GrokError
    from grokkit.errors import RateLimited as RateLimited
    from grokkit.errors import ReportBug as ReportBug
    from grokkit.errors import StreamInterrupted as StreamInterrupted
    from grokkit.errors import TryLater as TryLater
    from grokkit.resources.stream import AsyncStream as AsyncStream
    from grokkit.resources.typed import AsyncTypedStream as AsyncTypedStream
    from grokkit.resources.typed import Parsed as Parsed
    from grokkit.resources.typed import Partial as Partial
    from grokkit.sessions.session import AsyncSession as AsyncSession
    from grokkit.sync import Grok as Grok
    from grokkit.sync import Session as Session
    from grokkit.sync import Stream as Stream
    from grokkit.sync import TypedStream as TypedStream
    from grokkit.sync_agents import Agent as Agent
    from grokkit.tools import Tool as Tool
    from grokkit.tools.decorator import tool as tool
    from grokkit.transport import Transport as Transport
    from grokkit.wire.answer import Answer as Answer
    from grokkit.wire.events import Citation as Citation
    from grokkit.wire.events import CitationAdded as CitationAdded
    from grokkit.wire.events import Finished as Finished
    from grokkit.wire.events import OtherEvent as OtherEvent
    from grokkit.wire.events import ReasoningDelta as ReasoningDelta
    from grokkit.wire.events import ServerToolProgress as ServerToolProgress
    from grokkit.wire.events import StreamEvent as StreamEvent
    from grokkit.wire.events import TextDelta as TextDelta
    from grokkit.wire.events import ToolCall as ToolCall
    from grokkit.wire.events import ToolCallDelta as ToolCallDelta
    from grokkit.wire.events import ToolCallDone as ToolCallDone
    from grokkit.wire.usage import Usage as Usage

__all__, __getattr__, __dir__ = lazy(__name__, __file__)
