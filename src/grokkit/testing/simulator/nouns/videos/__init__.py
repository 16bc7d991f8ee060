"""Videos: made, edited and extended, always deferred."""

from grokkit.testing.simulator.nouns.videos.endpoints import VideoJobs, table

__all__ = ["VideoJobs", "table"]
