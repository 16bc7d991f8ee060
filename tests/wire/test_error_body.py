"""Every shape of a failed reply becomes the right error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grokkit import errors
from grokkit.errors import GrokError
from grokkit.wire.error_body import classify, in_stream_error

KEY = "xai-" + "Zz9" * 28
INVALID = "Client specified an invalid argument"
DENIED = "The caller does not have permission to execute the specified operation"
EXHAUSTED = "Some resource has been exhausted"


def flat(code: object, text: object) -> bytes:
    return json.dumps({"code": code, "error": text}).encode()


def nested(message: str, **fields: object) -> bytes:
    return json.dumps({"error": {"message": message, **fields}}).encode()


def gateway(code: int, message: str) -> bytes:
    return json.dumps({"code": code, "message": message, "details": []}).encode()


def page(title: str) -> bytes:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>long</body></html>".encode()


MONEY = [
    (429, flat(EXHAUSTED, "Your team has either used all available credits or reached its monthly spending limit.")),
    (429, flat(429, "You ran out of credits. [WKE=personal-team-blocked:spending-limit]")),
    (429, flat("personal-team-blocked:spending-limit", "no")),
    (429, flat("subscription:free-usage-exhausted", "used all the free usage, tokens (actual/limit): 9/8")),
    (403, flat(DENIED, "Your newly created team doesn't have any credits or licenses yet.")),
    (403, flat("permission-denied", "Your team\u2019s monthly spending limit was reached")),
    (402, flat("x", "the subscription balance is used up")),
    (402, b""),
    (400, nested("Your credit balance is too low", type="invalid_request_error")),
    (429, nested("You exceeded your current quota", type="insufficient_quota", code="insufficient_quota")),
    (200, flat("resource-exhausted", "Your team has used all available credits")),
    (429, flat("resource-exhausted", "Insufficient credits to complete the request")),
    (429, flat("resource-exhausted", "Your prepaid credits have been exhausted.")),
    (429, flat("resource-exhausted", "Team budget exhausted, please add funds")),
    (403, flat("permission-denied", "You have run out of available resources or need a Grok subscription")),
]
SPEED = [
    (429, flat("resource-exhausted", "Too many requests for team x and model y.")),
    (429, nested("Rate limit reached. Upgrade: https://console/settings/billing", code="rate_limit_exceeded")),
    (429, page("Error 1015: you are being rate limited")),
    (429, flat("resource-exhausted", "Rate limit exceeded. Raise it by purchasing more credits at console.x.ai")),
    (429, flat("something-new", "something nobody has seen before")),
    (429, b""),
    (429, b"\xff\xfe\x00"),
    (400, flat(EXHAUSTED, "slow down")),
    (500, gateway(8, "slow down")),
    (200, flat("resource-exhausted", "Too many requests")),
]
CAPACITY = [
    (429, flat("resource-exhausted", "The model is at capacity, use a higher service tier")),
    (503, flat("unavailable", "The model is overloaded")),
    (529, b""),
    (200, json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}).encode()),
]
KEYS = [
    (400, flat(INVALID, "Incorrect API key provided: xa***yz. You can obtain an API key from https://console.x.ai.")),
    (400, flat(INVALID, "Incorrect%20API%20key%20provided:%20abc.%20You%20can%20obtain")),
    (400, flat(INVALID, "Bad credentials. [WKE=unauthenticated:bad-credentials]")),
    (401, gateway(16, "Invalid bearer token")),
    (403, flat(DENIED, "The OAuth2 access token could not be validated. [WKE=unauthenticated:bad-credentials]")),
    (401, nested("Incorrect API key", type="authentication_error", code="invalid_api_key")),
    (401, flat("unauthenticated", "Missing or invalid API key")),
    (401, b""),
    (400, flat("unauthenticated", "no")),
    (403, flat("x", "API key has expired")),
]
NO_KEY = [
    (401, gateway(16, "No credentials provided")),
    (401, nested("You didn't provide an API key.")),
    (401, flat("unauthenticated", "Missing authorization header")),
]
DENIALS = [
    (403, flat("permission-denied", "User is blocked [WKE=unauthorized:blocked-user]")),
    (403, flat("permission-denied", "Access to the chat endpoint is denied. Please use the correct credentials.")),
    (403, flat(DENIED, "The API key lacks the ACL api-key:model:grok-4.7")),
    (403, page("Just a moment...")),
    (500, flat("permission-denied", "no")),
    (403, b""),
    (407, b""),
]
CONTENT = [
    (403, flat("permission-denied", "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO")),
    (400, flat(INVALID, "Generated image rejected by content moderation")),
    (400, flat("invalid-argument", "Image did not pass moderation.")),
    (400, nested("Your request was flagged", code="content_policy_violation")),
]
CONTEXT = [
    (400, flat(INVALID, "This model's maximum prompt length is 131072 but the request contains 537812 tokens.")),
    (400, flat("invalid-argument", "prompt is too long: 600000 tokens > 500000 maximum")),
    (400, nested("too much", code="context_length_exceeded")),
    (413, flat("x", "the maximum context length was exceeded")),
    (500, flat("internal", "input exceeds the context window")),
]
MODELS = [
    (400, flat(INVALID, "Model not found: grok-9")),
    (404, flat("Some requested entity was not found", "The model grok-9 does not exist or your team has no access.")),
    (404, nested("The model `grok-9` does not exist", code="model_not_found")),
    (404, flat("not-found", "The requested model 'grok-3' is no longer available.")),
    (400, flat("invalid-argument", "Unknown model: foo")),
    (404, flat("not-found", "The model grok-2 was retired on May 15")),
]
PARAMETERS = [
    (400, flat(INVALID, "Argument not supported on this model: presencePenalty"), "presence_penalty"),
    (400, flat("invalid-argument", "Model grok-4 does not support parameter reasoningEffort."), "reasoning_effort"),
    (400, nested("Unsupported parameter: 'stop'", param="stop", code="unsupported_parameter"), "stop"),
    (400, nested("no", type="invalid_request_error", param="temperature", code=None), "temperature"),
    (400, b'{"error":"speed must be between 0.7 and 1.5"}', "speed"),
    (400, flat("400", "background is unsupported"), "background"),
    (400, flat("400", "`user_location` is not supported for this tool"), "user_location"),
    (400, flat("400", "Unrecognized request argument supplied: search_parameters"), "search_parameters"),
    (400, flat("400", "max_tokens is too large: 9 (at most 5)"), "max_tokens"),
    (422, b"Failed to parse the request body as JSON: tools[1]: unknown field `strikt`", "tools[1].strikt"),
]
FIELDS = [
    (422, b"Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant `x`"),
    (422, b"Failed to deserialize the JSON body into the target type: messages[0]: missing field `role` at line 1"),
    (422, b'{"detail":[{"loc":["body","messages",0,"role"],"msg":"bad","type":"enum"}]}'),
    (400, nested("bad", param="messages[0].role")),
]
INVALIDS = [
    (409, flat("already-exists", "a collection of this name exists")),
    (400, flat("400", "Live search is deprecated. Please switch to the Agent Tools API")),
    (400, flat("invalid_image", "Cannot fetch image")),
    (400, flat("400", "Bad data: Messages cannot be empty")),
    (400, flat(INVALID, "Each message must have at least one content element")),
    (400, flat(INVALID, "Invalid schema for function 'x': root must be an object")),
    (400, nested("Could not decode the compaction blob", param="input[0].encrypted_content", code="x")),
    (405, b""),
    (415, b"Expected request with `Content-Type: application/json`"),
    (422, b"Failed to parse the request body as JSON: EOF while parsing an object at line 1 column 9"),
    (429, flat("resource-exhausted", "Your team has reached the limit of 1000 active public file URLs.")),
    (400, flat("resource-exhausted", "no room [WKE=file:storage-exhausted]")),
    (418, b""),
    (501, b""),
]
SERVER = [
    (500, b""),
    (502, b"bad gateway"),
    (504, b""),
    (503, flat("The service is currently unavailable", "x")),
    (599, b""),
]
EDGE = [(520, b""), (522, page("522: timed out")), (525, b"x"), (530, page("Tunnel")), (502, page("502 Bad Gateway"))]
OTHERS = [
    (errors.NotFound, 404, b"404 page not found"),
    (errors.NotFound, 404, page("Not Found")),
    (errors.NotFound, 400, flat("not-found", "no such file")),
    (errors.NotFound, 400, nested("gone", code="previous_response_not_found", param="previous_response_id")),
    (errors.NotFound, 410, b""),
    (errors.NotFound, 307, b""),
    (errors.RequestTooLarge, 413, b""),
    (errors.RequestTooLarge, 400, flat("x", "sorry [WKE=file:too-large]")),
    (errors.RequestTooLarge, 400, flat("x", "Image size 30 MiB exceeds the maximum of 20 MiB")),
    (errors.NotFound, 404, flat("not-found", "File file_abc not found")),
    (errors.RequestTooLarge, 413, page("413 Request Entity Too Large")),
    (errors.TimedOut, 408, b""),
    (errors.TryLater, 409, flat("aborted", "x")),
    (errors.ServerFailed, 200, flat("The service is currently unavailable", "Timed out waiting for first token")),
    (errors.ServerFailed, 200, b'{"error":"Timed out waiting for first token"}'),
]
UNREADABLE = [
    b"",
    b"[1]",
    b"null",
    b"17",
    b'"text"',
    b'{"id":"x"}',
    b'{"id":"x","error":null}',
    page("Sign in"),
    b"\xff",
]

TABLE = [
    *((kind, *reply) for kind, replies in (
        (errors.OutOfCredits, MONEY), (errors.RateLimited, SPEED), (errors.NoCapacity, CAPACITY),
        (errors.KeyRejected, KEYS), (errors.KeyMissing, NO_KEY), (errors.PermissionDenied, DENIALS),
        (errors.ContentRefused, CONTENT), (errors.ContextTooLong, CONTEXT), (errors.ModelNotFound, MODELS),
        (errors.InvalidRequest, INVALIDS), (errors.InvalidRequest, FIELDS), (errors.ServerFailed, SERVER),
        (errors.EdgeFailed, EDGE),
    ) for reply in replies),
    *OTHERS,
    *((errors.ParameterRejected, status, body) for status, body, _ in PARAMETERS),
    *((errors.ReplyUnreadable, 200, body) for body in UNREADABLE),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "body"), TABLE)
def test_a_failed_reply_becomes_its_error(kind: type[GrokError], status: int, body: bytes) -> None:
    error = classify(status, {}, body)

    assert type(error) is kind
    assert error.status == status
    assert error.message
    assert error.hint


@pytest.mark.parametrize(("status", "body"), MONEY)
def test_money_never_comes_back_by_retrying(status: int, body: bytes) -> None:
    assert not classify(status, {"retry-after": "5"}, body).retryable


@pytest.mark.parametrize(("status", "body", "param"), PARAMETERS)
def test_a_rejected_parameter_is_named_as_the_caller_wrote_it(status: int, body: bytes, param: str) -> None:
    error = classify(status, {}, body)

    assert error.param == param
    assert param in str(error.hint)


@pytest.mark.parametrize(("status", "body"), FIELDS)
def test_a_faulty_field_is_named_by_its_path(status: int, body: bytes) -> None:
    assert classify(status, {}, body).param == "messages[0].role"


@pytest.mark.parametrize(
    ("text", "observed", "limit"),
    [
        (
            ("Your team's rate limit is - Requests per Second (actual/limit): 2/2, "
            "Requests per Minute (actual/limit): 73/60."),
            {"requests_per_second": 2.0, "requests_per_minute": 73.0},
            {"requests_per_second": 2.0, "requests_per_minute": 60.0},
        ),
        (
            "Too many tokens. Your team's rate limit is \u2014 Tokens per Minute (actual/limit): 65605/16000. See x.",
            {"tokens_per_minute": 65605.0},
            {"tokens_per_minute": 16000.0},
        ),
        ("limits are Images per Day (actual / limit) 1,065,387 / 1,000,000.5", {"images_per_day": 1065387.0},
         {"images_per_day": 1000000.5}),
        ("Too many requests", {}, {}),
    ],
)  # fmt: skip
def test_the_figures_of_a_rate_limit_are_read(text: str, observed: dict[str, float], limit: dict[str, float]) -> None:
    error = classify(429, {}, flat("resource-exhausted", text))

    assert isinstance(error, errors.RateLimited)
    assert (error.observed, error.limit) == (observed, limit)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (flat("400", "x"), "400"),
        (flat(429, "x"), "429"),
        (flat(429.0, "x"), "429"),
        (gateway(3, "x"), "3"),
        (nested("x", code=None), None),
        (nested("x", code="odd"), "odd"),
        (flat(INVALID, "x"), INVALID),
        (flat(True, "x"), None),
        (flat(10**400, "x"), None),
        (b"text", None),
    ],
)
def test_the_code_is_the_word_of_the_server(body: bytes, code: str | None) -> None:
    assert classify(400, {}, body).code == code


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (flat("c", "told"), "told"),
        (nested("told"), "told"),
        (b'{"error":"told"}', "told"),
        (b"told", "told"),
        (gateway(3, "told"), "told"),
        (b'[{"error":{"message":"told"}}]', "told"),
        (b'{"detail":"told"}', "told"),
        (b'{"errors":[{"message":"told"}]}', "told"),
        (b'{"error":"invalid_grant","error_description":"told"}', "told"),
        (json.dumps({"error": {"message": json.dumps({"error": {"message": "told"}})}}).encode(), "told"),
        (b"\xef\xbb\xbf" + flat("c", "told"), "told"),
        (b'data: {"error":"told"}\n\n', "told"),
        (b'event: error\ndata: {"error":"told"}\n\n', "told"),
        (b'{"code":"c","error":"told", "cut', "told"),
        (b"<?xml version='1.0'?><Error><Code>c</Code><Message>told</Message></Error>", "told"),
        (b"{}", "the server answered 400 Bad Request and gave no reason"),
        (b"", "the server answered 400 Bad Request and gave no reason"),
    ],
)
def test_the_text_is_found_in_every_shape(body: bytes, message: str) -> None:
    assert classify(400, {}, body).message == message


def test_a_web_page_is_quoted_by_its_title() -> None:
    error = classify(522, {"CF-Ray": "8f1-FRA", "Content-Type": "text/html"}, page("api.x.ai | 522: Timed &amp; out"))

    assert '"api.x.ai | 522: Timed & out"' in error.message
    assert "8f1-FRA" in error.message
    assert "long" not in error.message


@pytest.mark.parametrize(("status", "retryable"), [(522, True), (525, False), (526, False), (530, True)])
def test_a_broken_certificate_behind_the_edge_stays_broken(status: int, *, retryable: bool) -> None:
    assert classify(status, {}, b"").retryable is retryable


def test_the_server_can_veto_a_retry_and_not_order_one() -> None:
    vetoed = classify(503, {"X-Should-Retry": "false"}, b"")
    ordered = classify(400, {"X-Should-Retry": "true"}, b"")

    assert (vetoed.retryable, ordered.retryable) == (False, False)


@pytest.mark.parametrize(
    ("headers", "body", "request_id"),
    [
        ({"X-Request-Id": "r1", "x-trace-id": "t1"}, b"", "r1"),
        ({"x-trace-id": "t1"}, b"", "t1"),
        ({}, b'{"error":"x","request_id":"b1"}', "b1"),
        ({}, b"", None),
    ],
)
def test_the_id_of_the_request_is_found(headers: dict[str, str], body: bytes, request_id: str | None) -> None:
    assert classify(500, headers, body).request_id == request_id


def test_the_wait_comes_from_the_header_else_from_the_text() -> None:
    body = flat("resource-exhausted", "Too many requests. Please try again in 20s.")

    assert classify(429, {"retry-after": "3"}, body).retry_after == 3.0
    assert classify(429, {}, body).retry_after == 20.0
    assert classify(503, {"retry-after": "90"}, b"").retry_after == 90.0


@pytest.mark.parametrize("wrap", [flat, lambda _, text: text.encode(), lambda _, text: page(text)])
def test_texts_are_quoted_short_and_without_keys(wrap: object) -> None:
    assert callable(wrap)
    body = wrap("c", f"key {KEY} refused " * 200)

    error = classify(400, {}, body)

    assert KEY[:20] not in f"{error} {error!r} {error.body} {vars(error)}"
    assert len(error.message) <= 500 + 100
    assert error.body is not None
    assert len(error.body) <= 500


@given(cut=st.integers(0, 600))
def test_no_part_of_a_key_survives_the_shortening(cut: int) -> None:
    body = b"." * cut + b" " + KEY.encode() + b" tail" * 100

    error = classify(400, {}, body)

    assert KEY[4:12] not in f"{error.message}{error.body}"


def test_characters_that_cannot_be_seen_do_not_hide_a_key() -> None:
    hidden = "\u200b".join(KEY)

    error = classify(400, {}, flat("c", f"\x1b[31m{hidden}"))

    assert error.message == "[31mxai-***"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"error":' * 50_000,
        b'{"error":"' + b"x" * 3_000_000,
        b'{"error":{"message":"' + b"prompt is too long " * 200_000 + b'"}}',
        b"limit public " * 100_000,
        b"eyJ" * 100_000,
        b"sk-" * 100_000,
        b"<title" * 100_000,
        b"bearer " * 100_000,
        b"a_" * 100_000 + b"!",
        b"\x00" * 1_000_000,
    ],
)
def test_huge_and_hostile_bodies_are_read_quickly(body: bytes) -> None:
    for status in (200, 400, 429, 502):
        error = classify(status, {}, body)

        assert len(str(error)) < 2000


@given(status=st.integers(100, 999), body=st.binary(max_size=300), content_type=st.text(max_size=20))
def test_any_bytes_under_any_status_become_an_error(status: int, body: bytes, content_type: str) -> None:
    error = classify(status, {"content-type": content_type}, body)

    assert error.status == status
    assert str(error)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "error", "message", "type", "param", "status", "detail", "loc"]), inner
        )
    ),
    max_leaves=12,
)


@given(status=st.sampled_from([200, 400, 404, 422, 429, 500, 503]), value=JSON)
def test_any_json_becomes_an_error(status: int, value: object) -> None:
    error = classify(status, {}, json.dumps(value).encode())

    assert isinstance(error, GrokError)
    assert error.message


@given(st.dictionaries(st.sampled_from(["type", "error", "code", "message", "response", "choices", "status"]), JSON))
def test_any_frame_is_an_error_or_is_not(frame: dict[str, object]) -> None:
    error = in_stream_error(frame)

    assert error is None or error.message


FRAMES = [
    (
        errors.ServerFailed,
        {"code": "The service is currently unavailable", "error": "Timed out waiting for first token"},
    ),
    (errors.RateLimited, {"code": "resource-exhausted", "error": "Too many requests for team x"}),
    (errors.OutOfCredits, {"code": EXHAUSTED, "error": "used all available credits"}),
    (errors.ServerFailed, {"code": 14, "message": "unavailable", "details": []}),
    (errors.ResponseFailed, {"error": "odd"}),
    (errors.ResponseFailed, {"type": "error", "message": "Responses failed", "param": None}),
    (errors.RateLimited, {"type": "error", "code": "rate_limit_exceeded", "message": "x", "param": None}),
    (errors.ServerFailed, {"type": "error", "error": {"type": "server_error", "message": "x"}}),
    (errors.ContextTooLong, {"type": "error", "error": {"message": "x", "code": "context_length_exceeded"}}),
    (
        errors.NotFound,
        {"type": "error", "status": 400, "error": {"code": "previous_response_not_found", "message": "x"}},
    ),
    (
        errors.ConnectionLost,
        {"type": "error", "status": 400, "error": {"code": "websocket_connection_limit_reached", "message": "x"}},
    ),
    (errors.InvalidRequest, {"type": "error", "status": 400, "error": {"message": "x", "code": None}}),
    (
        errors.ResponseFailed,
        {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "x"}}},
    ),
    (errors.ResponseFailed, {"type": "response.failed", "response": {"error": None}}),
    (errors.ResponseFailed, {"type": "response.failed"}),
    (
        errors.RateLimited,
        {"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded", "message": "x"}}},
    ),
    (errors.ServerFailed, {"choices": [], "error": {"code": 502, "message": "upstream"}}),
]


@pytest.mark.parametrize(("kind", "frame"), FRAMES)
def test_an_error_frame_becomes_its_error(kind: type[GrokError], frame: dict[str, object]) -> None:
    error = in_stream_error(frame)

    assert type(error) is kind
    assert error.message
    assert error.body


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"type": "ping"},
        {"choices": [], "usage": {}},
        {"choices": [{"delta": {"content": "error"}}], "error": None},
        {"type": "response.created", "response": {"error": None}},
        {"type": "response.completed", "response": {"error": None, "status": "completed"}},
        {"type": "response.incomplete", "response": {"incomplete_details": {"reason": "max_output_tokens"}}},
        {"type": "response.mcp_call.failed", "item_id": "m"},
        {"type": "response.output_item.done", "item": {"type": "mcp_call", "error": "tool broke"}},
        {"type": "response.code_interpreter_call_code.done", "code": "1/0", "message": "x"},
    ],
)
def test_an_ordinary_frame_is_no_error(frame: dict[str, object]) -> None:
    assert in_stream_error(frame) is None


def test_an_error_frame_keeps_status_code_and_param() -> None:
    error = in_stream_error(
        {"type": "error", "status": 404, "error": {"code": "x", "message": f"no {KEY}", "param": "model"}}
    )

    assert error is not None
    assert (error.status, error.code, error.param, error.message) == (404, "x", "model", "no xai-***")
    assert KEY not in str(error.body)
