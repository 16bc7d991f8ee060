"""The answer cache: an equal call is given the answer that was stored. Off by default; see `grokkit.Cache`."""

from grokkit.layers.cache.layer import CACHED, AnswerCache, CacheHealth
from grokkit.layers.cache.places import MOST_IN_MEMORY, Places

__all__ = ["CACHED", "MOST_IN_MEMORY", "AnswerCache", "CacheHealth", "Places"]
