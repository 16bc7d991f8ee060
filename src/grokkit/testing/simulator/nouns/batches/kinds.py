"""What a batch can ask: under which word, at which address, and how the result is called."""

from __future__ import annotations

import msgspec


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of request."""

    name: str
    path: str
    rpc: str
    """What the list of requests calls its endpoint."""
    answer: str
    """What the results call its response."""
    job: str | None = None
    """Where the outcome is fetched when the reply only names a job."""


_CHAT = "chat_get_completion"
_VIDEO = "/v1/videos/{}"

KINDS = {
    kind.name: kind
    for kind in (
        Kind(name=_CHAT, path="/v1/chat/completions", rpc="xai_api.Chat/GetCompletion", answer=_CHAT),
        Kind(name="responses", path="/v1/responses", rpc="xai_api.Chat/GetCompletion", answer=_CHAT),
        Kind(
            name="image_generation",
            path="/v1/images/generations",
            rpc="xai_api.Image/GenerateImage",
            answer="image_generation",
        ),
        Kind(name="image_edit", path="/v1/images/edits", rpc="xai_api.Image/GenerateImage", answer="image_edit"),
        Kind(
            name="video_generation",
            path="/v1/videos/generations",
            rpc="xai_api.Video/GenerateVideo",
            answer="video_generation",
            job=_VIDEO,
        ),
        Kind(
            name="video_edit",
            path="/v1/videos/edits",
            rpc="xai_api.Video/GenerateVideo",
            answer="video_generation",
            job=_VIDEO,
        ),
        Kind(
            name="video_extension",
            path="/v1/videos/extensions",
            rpc="xai_api.Video/ExtendVideo",
            answer="video_extension",
            job=_VIDEO,
        ),
    )
}
"""By the word that `batch_requests` use."""

BY_URL = {kind.path: kind for kind in KINDS.values()} | {"/v1/videos": KINDS["video_generation"]}
"""By the `url` of a line in a file."""
