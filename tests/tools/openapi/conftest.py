"""An API of our own on loopback, which says what it was asked; the simulator is xAI's API and takes no other calls."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp.web import Request, Response


class Api:
    """What was asked, and what is answered."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.bodies: list[bytes] = []
        self.answer: Response | None = None
        self.hangs = asyncio.Event()
        self.hanging = False
        self.url = ""

    async def serve(self, request: Request) -> Response:
        self.seen.append(request)
        self.bodies.append(await request.read())
        if self.hanging:
            await self.hangs.wait()
        return self.answer or web.json_response({"asked": request.raw_path})


@asynccontextmanager
async def running(api: Api) -> AsyncIterator[Api]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", api.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield api
    api.hangs.set()
    await runner.cleanup()


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """The API, while it runs."""
    async with running(Api()) as started:
        yield started


@pytest.fixture
def document() -> dict[str, Any]:
    """A document with parameters everywhere, references, and a body."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": "https://{region}.example.com/v1/", "variables": {"region": {"default": "eu"}}}],
        "paths": {
            "/pets/{id}": {
                "parameters": [{"$ref": "#/components/parameters/Id"}],
                "get": {
                    "operationId": "getPet",
                    "summary": "A pet.",
                    "description": "With all that is known of it.",
                    "tags": ["pets"],
                    "parameters": [
                        {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                        {
                            "name": "sizes",
                            "in": "query",
                            "explode": False,
                            "schema": {"type": "array", "items": {"type": "integer"}},
                        },
                        {
                            "name": "near",
                            "in": "query",
                            "style": "deepObject",
                            "schema": {"type": "object", "properties": {"city": {"type": "string"}}},
                        },
                        {
                            "name": "where",
                            "in": "query",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        },
                        {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                        {"name": "Authorization", "in": "header", "schema": {"type": "string"}},
                        {"name": "id", "in": "query", "description": "Another id.", "schema": {"type": "string"}},
                        {"name": "flavour", "in": "cookie", "schema": {"type": "string"}},
                    ],
                    "responses": {"200": {"description": "ok"}},
                },
                "put": {
                    "operationId": "putPet",
                    "requestBody": {"$ref": "#/components/requestBodies/Pet"},
                    "responses": {},
                },
                "delete": {"responses": {}},
            },
            "/pets": {
                "post": {
                    "operationId": "pets.add",
                    "requestBody": {
                        "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}},
                    },
                    "responses": {},
                },
            },
            "/photos": {
                "post": {
                    "operationId": "upload",
                    "requestBody": {"required": True, "content": {"multipart/form-data": {}}},
                    "responses": {},
                },
            },
        },
        "components": {
            "parameters": {
                "Id": {"name": "id", "in": "path", "required": True, "schema": {"$ref": "#/components/schemas/Id"}}
            },
            "requestBodies": {
                "Pet": {
                    "required": True,
                    "description": "The pet.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
                }
            },
            "schemas": {
                "Id": {"type": "string", "example": "rex"},
                "Pet": {
                    "type": "object",
                    "required": ["id", "name"],
                    "properties": {
                        "id": {"type": "string", "readOnly": True},
                        "name": {"type": "string", "nullable": True, "xml": {"name": "n"}},
                        "parent": {"$ref": "#/components/schemas/Pet"},
                    },
                },
            },
        },
    }


@pytest.fixture
def unused_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
