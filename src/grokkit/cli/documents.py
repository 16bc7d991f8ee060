"""JSON on standard output: one document, indented."""

from __future__ import annotations

import sys

import msgspec


def print_json(value: object) -> None:
    """Write a value as one JSON document."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
