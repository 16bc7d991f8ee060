"""A gRPC stub of api.x.ai's Chat service, for xai-sdk: prebuilt messages on a loopback port.

Runs in xai-sdk's environment; prints one JSON line with its address (`url`), serves until its input closes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

import grpc
import replies
from xai_sdk.proto import chat_pb2, sample_pb2, usage_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


ID = "fc1ada94-08fa-9268-91a1-ffb5c2592a6a"
FINGERPRINT = "fp_879c9fd1f9"


def reply() -> bytes:
    """A plain reply, serialized."""
    message = chat_pb2.CompletionMessage(content=replies.PLAIN_TEXT, role="ROLE_ASSISTANT")
    output = chat_pb2.CompletionOutput(index=0, message=message, finish_reason=sample_pb2.REASON_STOP)
    whole = chat_pb2.GetChatCompletionResponse(
        id=ID, model=replies.MODEL, system_fingerprint=FINGERPRINT, outputs=[output], usage=usage(96)
    )
    serialized: bytes = whole.SerializeToString()
    return serialized


def chunks(count: int) -> list[bytes]:
    """The messages of a streamed reply, serialized."""
    deltas = [chat_pb2.Delta(content=word, role="ROLE_ASSISTANT") for word in replies.stream_words(count)]
    outputs = [chat_pb2.CompletionOutputChunk(index=0, delta=delta) for delta in deltas]
    outputs.append(chat_pb2.CompletionOutputChunk(index=0, finish_reason=sample_pb2.REASON_STOP))
    messages = [
        chat_pb2.GetChatCompletionChunk(id=ID, model=replies.MODEL, system_fingerprint=FINGERPRINT, outputs=[output])
        for output in outputs
    ]
    messages[-1].usage.CopyFrom(usage(count))
    return [message.SerializeToString() for message in messages]


def usage(completion_tokens: int) -> usage_pb2.SamplingUsage:
    return usage_pb2.SamplingUsage(
        completion_tokens=completion_tokens,
        prompt_tokens=14,
        total_tokens=14 + completion_tokens,
        prompt_text_tokens=14,
        cached_prompt_text_tokens=2,
    )


async def serve(count: int) -> None:
    plain, streamed = reply(), chunks(count)

    async def complete(_request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        await context.send_initial_metadata(replies.HEADERS)
        return plain

    async def stream(_request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> AsyncIterator[bytes]:
        await context.send_initial_metadata(replies.HEADERS)
        for message in streamed:
            yield message

    methods = {
        "GetCompletion": grpc.unary_unary_rpc_method_handler(complete),
        "GetCompletionChunk": grpc.unary_stream_rpc_method_handler(stream),
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("xai_api.Chat", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(json.dumps({"url": f"127.0.0.1:{port}"}), flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    await server.stop(grace=None)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
