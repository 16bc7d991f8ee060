"""Multipart bodies, part by part and in their order, which matters to some endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.errors import ExtraMissing
from grokkit.testing.simulator.refusal import Refusal, invalid

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a form."""

    name: str
    data: bytes
    filename: str | None = None
    """`None` for fields that are no file."""
    content_type: str = "text/plain"

    @property
    def text(self) -> str:
        """The field as text."""
        return self.data.decode("utf-8", "replace")


def read_form(content: bytes, content_type: str) -> list[Part]:
    """The parts of a multipart body, in order. Raises the API's 415 and 400."""
    kind, options = _options(content_type)
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise Refusal.text(415, "Expected request with `Content-Type: multipart/form-data`")
    reader = _Reader()
    try:
        reader.read(content, options["boundary"])
    except ValueError as error:
        raise invalid(f"Invalid multipart body: {error}") from error
    return reader.parts


class _Reader:
    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._headers: dict[str, str] = {}
        self._name = b""
        self._value = b""
        self._data: list[bytes] = []

    def read(self, content: bytes, boundary: str) -> None:
        try:
            from python_multipart.multipart import MultipartParser
        except ImportError as error:
            raise ExtraMissing(
                "reading an upload needs python-multipart", hint='pip install "grokkit[gateway]"'
            ) from error
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._part_data,
            "on_part_end": self._end,
        }
        parser = MultipartParser(boundary, callbacks)
        parser.write(content)
        parser.finalize()

    def _begin(self) -> None:
        self._headers, self._data = {}, []

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name = self._value = b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data.append(data[start:end])

    def _end(self) -> None:
        _, options = _options(self._headers.get("content-disposition", ""))
        self.parts.append(
            Part(
                name=options.get("name", ""),
                data=b"".join(self._data),
                filename=options.get("filename"),
                content_type=self._headers.get("content-type", "text/plain"),
            )
        )


def _options(header: str) -> tuple[str, dict[str, str]]:
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(header)
    found = {name.decode("latin-1"): value.decode("utf-8", "replace") for name, value in options.items()}
    return kind.decode("latin-1"), found
