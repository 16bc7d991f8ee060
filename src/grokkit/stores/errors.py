"""What a store that cannot be used raises."""

from grokkit.errors import TryLater


class StoreUnavailable(TryLater):
    """The shared store cannot be reached, does not answer in time, or has no room: what was asked was not done,
    as far as is known.
    """

    hint = "see that the store runs and can be reached; `Degrading` goes on without it meanwhile"
