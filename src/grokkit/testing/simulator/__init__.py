"""A faithful local xAI API: served on a port, on a thread, or reached through a transport with no socket at all."""

from grokkit.testing.simulator.faults import Fault
from grokkit.testing.simulator.refusal import Refusal
from grokkit.testing.simulator.seen import Seen
from grokkit.testing.simulator.simulator import Simulator
from grokkit.testing.simulator.thought import Prompt, ServerCall, Thought

__all__ = ["Fault", "Prompt", "Refusal", "Seen", "ServerCall", "Simulator", "Thought"]
