"""The bodies that batches are asked with."""

from typing import Any

import msgspec


class CreateBatch(msgspec.Struct, kw_only=True):
    """The body of a creation."""

    name: str
    input_file_id: str | None = None


class AddedRequest(msgspec.Struct, kw_only=True):
    """One request to add: exactly one word in `batch_request` says its kind."""

    batch_request: dict[str, dict[str, Any]]
    batch_request_id: str | None = None


class AddRequests(msgspec.Struct, kw_only=True):
    """The body of an addition."""

    batch_requests: list[AddedRequest]
