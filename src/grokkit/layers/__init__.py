"""The concerns around a call, one module each; their order is in `grokkit.pipeline`."""
