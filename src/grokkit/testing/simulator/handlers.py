"""The table of endpoints: what each noun registers, and how an address is found in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from grokkit.testing.simulator.refusal import JSON, Refusal, not_found

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from grokkit.testing.simulator.sockets import Socket
    from grokkit.testing.simulator.visit import Outcome, Visit

Handler: TypeAlias = "Callable[[Visit], Outcome | Awaitable[Outcome]]"
SocketHandler: TypeAlias = "Callable[[Socket], Awaitable[None]]"
Head: TypeAlias = Literal["plain", "named", "requests", "tokens", "chat", "traced"]
"""Which headers a good reply carries, as recorded: `plain` none of its own (files, batches, `/v1/models`); `named`
`x-request-id` and `x-metrics-e2e-ms` (other listings); `requests` these, the request limits and the retention flag
(tokenize, images, videos); `tokens` also the token limits (responses); `chat` also the time to the first token;
`traced` `x-trace-id` (voice)."""

_MEBIBYTE = 1024 * 1024
_PARAMETER = re.compile(r"\{(\w+)\}")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One method and path. `path` is as in the OpenAPI file: `/v1/files/{file_id}`."""

    method: str
    path: str
    handler: Handler
    needs_key: bool = True
    api_key_header: bool = False
    """Whether the key may come as `x-api-key` too."""
    head: Head = "plain"
    generates: bool = False
    """Whether it counts against rate limits, quotas and capacity."""
    max_body: int = 32 * _MEBIBYTE
    """413 for more bytes than that."""


class SocketEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A WebSocket address."""

    path: str
    handler: SocketHandler
    client_secrets: bool = False
    """Whether a client secret opens it, as it does the sockets of voice."""


class Table:
    """Collects the endpoints of a noun: `@table.post("/v1/files")` over a handler."""

    def __init__(self, *, management: bool = False) -> None:
        self.management = management
        """Whether they live on the management host (a port of its own) and want the management key."""
        self.endpoints: list[Endpoint] = []
        self.sockets: list[SocketEndpoint] = []

    def on(
        self,
        method: str,
        path: str,
        *,
        head: Head = "plain",
        generates: bool = False,
        max_body: int = 32 * _MEBIBYTE,
        needs_key: bool = True,
        api_key_header: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register a handler."""

        def register(handler: Handler) -> Handler:
            self.endpoints.append(
                Endpoint(
                    method=method,
                    path=path,
                    handler=handler,
                    head=head,
                    generates=generates,
                    max_body=max_body,
                    needs_key=needs_key,
                    api_key_header=api_key_header,
                )
            )
            return handler

        return register

    def get(self, path: str, *, head: Head = "plain") -> Callable[[Handler], Handler]:
        """Register a GET handler."""
        return self.on("GET", path, head=head)

    def post(
        self, path: str, *, head: Head = "plain", generates: bool = False, max_body: int = 32 * _MEBIBYTE
    ) -> Callable[[Handler], Handler]:
        """Register a POST handler."""
        return self.on("POST", path, head=head, generates=generates, max_body=max_body)

    def put(self, path: str) -> Callable[[Handler], Handler]:
        """Register a PUT handler."""
        return self.on("PUT", path)

    def patch(self, path: str) -> Callable[[Handler], Handler]:
        """Register a PATCH handler."""
        return self.on("PATCH", path)

    def delete(self, path: str) -> Callable[[Handler], Handler]:
        """Register a DELETE handler."""
        return self.on("DELETE", path)

    def socket(self, path: str, *, client_secrets: bool = False) -> Callable[[SocketHandler], SocketHandler]:
        """Register a WebSocket handler."""

        def register(handler: SocketHandler) -> SocketHandler:
            self.sockets.append(SocketEndpoint(path=path, handler=handler, client_secrets=client_secrets))
            return handler

        return register


class Routes:
    """Finds the endpoint of an address."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._fixed: dict[str, dict[str, Endpoint]] = {}
        self._patterns: dict[str, tuple[re.Pattern[str], dict[str, Endpoint]]] = {}
        for endpoint in endpoints:
            if "{" in endpoint.path:
                _, methods = self._patterns.setdefault(endpoint.path, (pattern(endpoint.path), {}))
            else:
                methods = self._fixed.setdefault(endpoint.path, {})
            methods[endpoint.method] = endpoint

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint and the parameters in its path. Raises the 404 or 405 of an address that is none."""
        allowed: set[str] = set()
        for methods, parameters in self._fitting(path):
            if endpoint := methods.get(method):
                return endpoint, parameters
            allowed.update(methods)
        if allowed:
            raise Refusal(405, b"", JSON, headers={"allow": ",".join(sorted(allowed))})
        raise no_such_address()

    def _fitting(self, path: str) -> Iterable[tuple[dict[str, Endpoint], dict[str, str]]]:
        if path in self._fixed:
            yield self._fixed[path], {}
        for compiled, methods in self._patterns.values():
            if found := compiled.fullmatch(path):
                yield methods, found.groupdict()


def pattern(path: str) -> re.Pattern[str]:
    """The expression that fits the addresses of a template.

    >>> pattern("/v1/batches/{id}:cancel").fullmatch("/v1/batches/b1:cancel").groupdict()
    {'id': 'b1'}
    """
    pieces = _PARAMETER.split(path)
    return re.compile(
        "".join(f"(?P<{piece}>[^/:]+)" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces))
    )


def no_such_address() -> Refusal:
    """404: nothing lives at this address."""
    return not_found(
        "The requested resource was not found. Please check the URL and try again. "
        "Documentation is available at https://docs.x.ai/"
    )
