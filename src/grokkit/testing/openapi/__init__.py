"""What a call or a reply has that xAI's OpenAPI document says otherwise: one line a field, with its JSON pointer.

The document ships with the package and is read when it is first asked.
"""

from grokkit.testing.openapi.checks import drift, frame_drift, is_described, validate_request

__all__ = ["drift", "frame_drift", "is_described", "validate_request"]
