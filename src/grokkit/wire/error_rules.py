"""Decide which error a failed reply is: one table of rules on its words, then one on its status.

The first rule that fits wins, so the order is part of the meaning: a quota of files before money, money
before speed, a rejected key before permission, a missing model before a parameter that it does not take.
"""

import re
from typing import NamedTuple

from grokkit import errors

_GAP = r"(?:[\w'`\".-]+ ){0,4}"
_KEY = r"(?:api[ _-]?key|(?:bearer|access|oauth\w*) (?:access )?token|credentials?|authentication|authorization)"
_NOT_SUPPORTED = r"(?:not supported|unsupported|not allowed|not permitted)"
_STOPPED = r"(?:rejected|refused|blocked|flagged|stopped)"
_MODEL = r"\bmodel:? (?:\S+ ){0,2}"


class Verdict(NamedTuple):
    """The class of the error, and a hint when the class's own would miss the cause."""

    kind: type[errors.GrokError]
    hint: str | None = None


class Rule(NamedTuple):
    """A verdict for texts that match, on these statuses (empty: on all)."""

    verdict: Verdict
    statuses: frozenset[int]
    pattern: str


def _rule(kind: type[errors.GrokError], statuses: str, *patterns: str, hint: str | None = None) -> Rule:
    numbers = frozenset(int(status) for status in statuses.split())
    return Rule(Verdict(kind, hint), numbers, "|".join(patterns))


_RULES = (
    _rule(
        errors.InvalidRequest,
        "400 403 409 413 429",
        r"file:storage-exhausted|(?:file )?storage (?:quota|limit|is full)",
        r"(?:quota|limit|maximum|exceed\w*|reached|too many active)\b[^.]{0,60}\bpublic\b[^.]{0,60}\burls?\b",
        r"\bpublic\b[^.]{0,60}\burls?\b[^.]{0,60}\b(?:quota|limit|maximum|exceed\w*|reached)",
        hint="waiting frees nothing: delete files or revoke public URLs you do not need, or ask xAI for more",
    ),
    _rule(
        errors.OutOfCredits,
        "400 402 403 429",
        r"free[ _-]usage|included free",
        hint="the free usage comes back within a day; credits from https://console.x.ai work at once",
    ),
    _rule(
        errors.OutOfCredits,
        "400 402 403 429",
        r"spend(?:ing)?[ _-](?:limit|cap)\b|insufficient[ _-](?:quota|funds|balance|credits?)",
        rf"\bused (?:up )?(?:all|your) {_GAP}(?:credits?|quota|balance)\b",
        rf"\b(?:out of|no|any|enough|not enough|insufficient) {_GAP}(?:credits?|funds)\b",
        rf"\bcredits? {_GAP}(?:exhausted|depleted|used up|too low|expired|insufficient)",
        rf"\b(?:credit|prepaid|account|usage) balance\b|\bbalance {_GAP}(?:exhausted|used up|too low)",
        r"exceeded your current quota|billing[ _](?:hard[ _]|soft[ _])?limit|payment[ _]required",
        r"\bgrok subscription\b|out of available resources",
        r"\bbudget (?:\w+ ){0,2}(?:exhausted|exceeded|reached)|\badd (?:more )?funds\b",
    ),
    _rule(
        errors.KeyMissing,
        "400 401",
        rf"(?<!or )\b(?:no|missing|without|provide(?! a valid)|empty) (?:an? |any |your )?(?:\w+ )?{_KEY}",
        rf"{_KEY} (?:header |token )?(?:is |was )?(?:missing|required|empty|not provided)",
    ),
    _rule(
        errors.KeyRejected,
        "400 401 403 404 422",
        r"unauthenticated|\b(?:bad|invalid|incorrect)[ _-](?:credentials|api[ _-]key)",
        rf"\b(?:incorrect|invalid|malformed|unknown|revoked|expired|wrong)(?: or \w+)? (?:\w+ )?{_KEY}",
        rf"{_KEY} {_GAP}(?:invalid|incorrect|expired|revoked|disabled|not (?:be )?valid|malformed)",
    ),
    _rule(
        errors.PermissionDenied,
        "400 401 403",
        r"unauthorized:\w+|\bblocked-user",
        r"\b(?:user|team|account|key) (?:is |has been |was )?(?:\w+ )?(?:blocked|suspended)",
        hint="the account, team or key is blocked: ask the owner of the team, or xAI support",
    ),
    _rule(
        errors.ContentRefused,
        "400 403 422 451",
        r"usage (?:guidelines|polic)|content[ _-](?:policy|filter|violates)|safety[ _-](?:check|violation)",
        rf"\b{_STOPPED} {_GAP}(?:moderation|safety|filter)|\bmoderation {_GAP}{_STOPPED}",
        rf"violates? {_GAP}(?:guidelines|polic)|\b(?:not pass|fail\w*) (?:\w+ )?moderation",
    ),
    _rule(
        errors.RequestTooLarge,
        "400 413 422 500",
        r"file:too-large|(?:payload|request|content|entity)[ _](?:is )?too[ _]large",
        r"\b(?:file|body|image|payload|attachment|upload) (?:[a-z]+ ){0,2}too (?:large|big)",
        r"(?:maximum|max|exceed\w*)[^.]{0,60} (?:file|body|image|upload|request|payload) size",
        r"\b(?:file|body|image|upload|request|payload) size [^.]{0,60}exceed",
    ),
    _rule(
        errors.ContextTooLong,
        "400 404 413 422 500 502 503",
        r"context[ _-](?:length|window|size|limit|overflow)|(?:prompt|input|conversation) (?:is )?too long",
        r"max(?:imum)? (?:\w+ )?(?:prompt|input|context|token) (?:length|size|limit|tokens)",
        r"max_prompt_tokens",
        rf"too many (?:input |prompt )?tokens|reduce the length of|exceed\w* {_GAP}(?:context|token limit)",
    ),
    _rule(
        errors.ConnectionLost,
        "400",
        r"websocket[ _]connection[ _]limit",
        hint="open a new connection and make the call again: a WebSocket lives 25 minutes",
    ),
    _rule(
        errors.NotFound,
        "400 404",
        r"previous[ _]response\b.{0,80}not[ _]found|previous_response_not_found",
        hint="send the whole conversation again without previous_response_id",
    ),
    _rule(
        errors.ModelNotFound,
        "400 404 410 422",
        r"model[ _-]not[ _-](?:found|available)",
        r"\b(?:unknown|no such|invalid|unrecognized) model\b(?! parameter)",
        rf"{_MODEL}(?:does not|doesn't|not) exist",
        rf"{_MODEL}(?:(?:was|is|could|be) ){{0,2}}not (?:be )?(?:found|available)",
        rf"{_MODEL}(?:is|was|has been) (?:\w+ )?(?:retired|deprecated|removed|discontinued)",
        rf"{_MODEL}is no longer",
    ),
    _rule(
        errors.InvalidRequest,
        "400 422",
        r"encrypted[ _](?:content|reasoning)|(?:compaction|reasoning)[ _]blob",
        hint="send reasoning items of earlier turns back unchanged, `summary` included, or leave them out",
    ),
    _rule(
        errors.ParameterRejected,
        "422",
        r"(?:unknown|unsupported|unexpected|unrecognized) (?:field|parameter|argument)",
    ),
    _rule(
        errors.ParameterRejected,
        "400 404 501",
        r"(?:unsupported|unknown|unrecognized|unexpected)[ _](?:\w+ )?(?:parameter|value|field|option)",
        r"invalid[ _](?:\w+ )?(?:parameter|value|field|option)",
        r"(?:unsupported|unknown|unrecognized|unexpected)[ _](?:\w+ )?argument",
        rf"\b(?:parameter|argument|field|option|value)s? {_GAP}{_NOT_SUPPORTED}",
        r"not supported (?:on|by|for|with) |does(?: not|n't) support|is (?:not supported|unsupported)",
        r"\b(?:must|should) be (?:between|one of|at (?:least|most)|less|greater|in|positive|non)\b",
        r"\bout of range|extra inputs|\w_\w+ is too (?:large|small|high|low)",
    ),
    _rule(errors.InvalidRequest, "409", r"already[ _-]exists"),
    _rule(errors.RateLimited, "429", r"\(actual ?/ ?limit\)"),
    _rule(
        errors.NoCapacity,
        "429 500 502 503",
        r"\bcapacity\b|\boverload|high demand|heavy load|too busy",
    ),
    _rule(errors.RateLimited, "429", r"too many requests|rate[ _-]?limit"),
)

_BY_STATUS = {
    401: Verdict(errors.KeyRejected),
    402: Verdict(errors.OutOfCredits),
    403: Verdict(errors.PermissionDenied),
    404: Verdict(errors.NotFound),
    405: Verdict(errors.InvalidRequest, "this address does not take this method: check the path and base_url"),
    407: Verdict(errors.PermissionDenied, "the proxy wants credentials: put them into its URL (HTTPS_PROXY)"),
    408: Verdict(errors.TimedOut, "the server waited too long for the request: make the call again"),
    409: Verdict(errors.TryLater, "the thing is busy or was changed meanwhile: look at its state, then try again"),
    410: Verdict(errors.NotFound),
    413: Verdict(errors.RequestTooLarge),
    414: Verdict(errors.RequestTooLarge),
    415: Verdict(errors.InvalidRequest, "send a JSON body with the header content-type: application/json"),
    423: Verdict(errors.TryLater),
    425: Verdict(errors.TryLater),
    429: Verdict(errors.RateLimited),
    431: Verdict(errors.RequestTooLarge),
    451: Verdict(errors.ContentRefused),
    499: Verdict(errors.ServerFailed),
    501: Verdict(errors.InvalidRequest, "the server does not offer this: check the path and base_url"),
    529: Verdict(errors.NoCapacity),
}
_BY_PAGE = {
    403: Verdict(
        errors.PermissionDenied,
        "the edge turned this machine away: try without VPN or proxy, or from another network",
    ),
    404: Verdict(errors.NotFound, "a web server answered, not the API: check base_url (https://api.x.ai/v1)"),
}
_REDIRECTED = Verdict(errors.NotFound, "base_url leads to a redirect: write the address it leads to instead")
_EDGE = frozenset(range(520, 531)) - {529}
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 1000)


def judge(status: int | None, words: str, *, page: bool = False) -> Verdict | None:
    """Which error a status and its words mean; None when neither says anything.

    `words` holds code, type and text, one a line; `page` says that a web page came in place of an API reply.

    >>> judge(429, "You ran out of credits.").kind.__name__
    'OutOfCredits'
    >>> judge(429, "slow down").kind.__name__
    'RateLimited'
    """
    if status in _EDGE or (page and status in _SERVER_ERRORS):
        return Verdict(errors.EdgeFailed)
    if page and status in _BY_PAGE:
        return _BY_PAGE[status]
    words = words.lower().replace("\u2019", "'")
    for rule in _RULES:
        applies = status is None or status in rule.statuses
        if applies and re.search(rule.pattern, words):
            return rule.verdict
    return None if status is None else _of_status(status)


def _of_status(status: int) -> Verdict:
    if verdict := _BY_STATUS.get(status):
        return verdict
    if status in _CLIENT_ERRORS:
        return Verdict(errors.InvalidRequest)
    return Verdict(errors.ServerFailed) if status in _SERVER_ERRORS else _REDIRECTED
