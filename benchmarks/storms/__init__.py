"""What a storm is made of: the trouble upstream, the callers, and what became of their calls."""
