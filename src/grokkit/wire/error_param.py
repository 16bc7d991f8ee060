"""Find the name of the field or parameter that an error text blames."""

import re

_PATH = r"[A-Za-z_][\w-]*(?:\[\d+\]|\.[\w?-]+)*"
_QUOTED = rf"[`'\"]({_PATH})[`'\"]"
_LINKS = "is|are|not|was|must|for|of|in|to|on|and|or|with|that|which|value|supplied|provided|supported"
_NOUNS = "(?:field|parameter|argument|value|property|option|key|request|query|body|for|supplied)s?:?"
_PARSER = re.compile(
    rf"^failed to (?:deserialize|parse) [^:]*:\s*(?:({_PATH}|\.)\s*:\s+)?"
    rf"(?:(?:missing|unknown|duplicate) field {_QUOTED})?",
    re.IGNORECASE,
)
_NAMED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:missing|unknown|unsupported|unrecognized|invalid|required):? (?:{_NOUNS} ){{0,3}}{_QUOTED}",
        rf"(?:parameter|argument|field|property|option)s?:? {_QUOTED}",
        rf"{_QUOTED} (?:\w+ ){{0,2}}(?:not (?:supported|allowed|permitted)|must be|is (?:required|invalid))",
        rf"(?:does not|doesn't) support (?:the )?(?:parameter |argument )?{_QUOTED}",
        rf"not supported (?:on|by|for|with) this model: ?[`'\"]?({_PATH})",
        rf"(?:parameter|argument)(?: supplied| provided)?:? (?!(?:{_LINKS})\b)({_PATH})",
        rf"^({_PATH}): (?:must|should|is|invalid|value|field)\b",
        rf"^(?:the )?({_PATH}) (?:(?:must|should|cannot) be|is (?:not supported|unsupported|required))",
        r"(?:does not|doesn't) support ((?-i:[a-z]+_[a-z_]+|[a-z]+[A-Z]\w*))",
        r"\b([a-z]+(?:_[a-z]+)+) (?:is not|isn't|is too|must|cannot|should|are not)\b",
    )
)
_NO_NAMES = frozenset({"it", "this", "that", "value", "request", "model", "there", "you"})


def named_parameter(text: str) -> str | None:
    """The field an error text names, as the caller wrote it, or None.

    >>> named_parameter("Failed to parse the request body as JSON: messages[0].role: unknown variant `x`")
    'messages[0].role'
    >>> named_parameter("Model grok-4 does not support parameter presencePenalty.")
    'presence_penalty'
    """
    if parser := _PARSER.match(text):
        path, field = parser[1], parser[2]
        steps = [step.removesuffix(".?") for step in (path, field) if step and step != "."]
        return ".".join(steps) or None
    found = (pattern.search(text) for pattern in _NAMED)
    names = (match[1].rstrip(".") for match in found if match)
    return next((_snake(name) for name in names if name.lower() not in _NO_NAMES), None)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda upper: f"_{upper[1].lower()}", name[:1].lower() + name[1:])
