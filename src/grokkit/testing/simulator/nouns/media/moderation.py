"""What the simulated moderation objects to: words in prompts, refused at once or found in what was made.

The shape of a caller's own `guidelines` is not known: any list of them is accepted, and nothing follows from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grokkit.testing.simulator.troubles import against_guidelines

if TYPE_CHECKING:
    from grokkit.testing.simulator.visit import Visit


class Moderation:
    """The words. Both lists may be changed: `sim.state(Moderation).blocked.add("clown")`."""

    def __init__(self) -> None:
        self.refused = {"bioweapon": "SAFETY_CHECK_TYPE_BIO"}
        """A prompt with such a word is refused with 403, naming the check."""
        self.blocked = {"nsfw"}
        """What is made from a prompt with such a word is not handed out, though it is billed."""

    def check(self, prompt: str, visit: Visit) -> None:
        """Raise the 403 for a prompt that violates the guidelines, unless a script answers it."""
        if visit.cue is not None:
            return
        for word, check in self.refused.items():
            if word in prompt.lower():
                raise against_guidelines(check, visit)

    def blocks(self, prompt: str) -> bool:
        """Whether what is made from this prompt is held back."""
        return any(word in prompt.lower() for word in self.blocked)


def moderation_of(visit: Visit) -> Moderation:
    """The moderation of the simulator that is visited."""
    return visit.simulator.state(Moderation)
