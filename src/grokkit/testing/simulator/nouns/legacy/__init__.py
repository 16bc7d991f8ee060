"""The older ways to ask: `/v1/completions`, `/v1/complete`, and Anthropic's shape at `/v1/messages`."""

from grokkit.testing.simulator.nouns.legacy import complete, completions, messages

__all__ = ["complete", "completions", "messages"]
