"""Turn the many spellings of an error code into the HTTP status that it stands for."""

_GRPC = (
    ("cancelled", "the operation was cancelled", 499),
    ("unknown", "unknown error", 500),
    ("invalid-argument", "client specified an invalid argument", 400),
    ("deadline-exceeded", "deadline expired", 504),
    ("not-found", "some requested entity was not found", 404),
    ("already-exists", "some entity that we attempted to create", 409),
    ("permission-denied", "the caller does not have permission", 403),
    ("resource-exhausted", "some resource has been exhausted", 429),
    ("failed-precondition", "the system is not in a state", 400),
    ("aborted", "the operation was aborted", 409),
    ("out-of-range", "operation was attempted past", 400),
    ("unimplemented", "operation is not implemented", 501),
    ("internal", "internal error", 500),
    ("unavailable", "the service is currently unavailable", 503),
    ("data-loss", "unrecoverable data loss", 500),
    ("unauthenticated", "the request does not have valid authentication", 401),
)
_BY_NAME = {name: status for name, _, status in _GRPC} | {
    "invalid-request-error": 400,
    "invalid-request": 400,
    "bad-request": 400,
    "invalid-image": 400,
    "authentication-error": 401,
    "invalid-api-key": 401,
    "unauthorized": 401,
    "insufficient-quota": 402,
    "billing-error": 402,
    "permission-error": 403,
    "forbidden": 403,
    "not-found-error": 404,
    "request-too-large": 413,
    "rate-limit-error": 429,
    "rate-limit-exceeded": 429,
    "too-many-requests": 429,
    "api-error": 500,
    "internal-error": 500,
    "internal-server-error": 500,
    "server-error": 500,
    "service-unavailable": 503,
    "timeout": 504,
    "timeout-error": 504,
    "overloaded-error": 529,
    "engine-overloaded": 529,
}
_ERROR_STATUSES = range(400, 600)


def status_of(code: str | None) -> int | None:
    """The HTTP status a code stands for: a gRPC name, number or description, or an HTTP status.

    >>> [status_of(code) for code in ("resource-exhausted", "NOT_FOUND", "16", "429", "odd")]
    [429, 404, 401, 429, None]
    >>> status_of("The service is currently unavailable")
    503
    """
    if code is None:
        return None
    if code.isdecimal():
        return _of_number(int(code[:9]))
    lowered = code.strip().lower()
    name = lowered.replace("_", "-").replace(" ", "-")
    if name.endswith("-not-found"):
        return 404
    described = (status for _, description, status in _GRPC if lowered.startswith(description))
    return _BY_NAME.get(name) or next(described, None)


def _of_number(number: int) -> int | None:
    if number in _ERROR_STATUSES:
        return number
    return _GRPC[number - 1][2] if 1 <= number <= len(_GRPC) else None
