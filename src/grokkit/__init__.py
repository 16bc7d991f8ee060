"""Everything between your code and Grok."""
