"""Ask someone: credentials, permission or money are needed."""

from grokkit.errors.root import GrokError


class AskSomeone(GrokError):
    """Credentials, permission or money are needed; waiting does not help."""


class KeyMissing(AskSomeone):
    """No API key was found."""

    hint = 'set XAI_API_KEY or pass api_key="xai-..."; keys are made at https://console.x.ai'


class KeyRejected(AskSomeone):
    """The API key or token is wrong, revoked or expired."""

    hint = "set XAI_API_KEY to a valid key from https://console.x.ai; `grokkit doctor` shows which one is used"


class PermissionDenied(AskSomeone):
    """The key is valid and may not do this."""

    hint = "ask the owner of the team for the permission: console.x.ai, API keys, endpoints and models"


class OutOfCredits(AskSomeone):
    """The team's credits are used up or its spending limit is reached; retrying never helps."""

    hint = "top up credits or raise the spending limit at https://console.x.ai"


class CertificateRejected(AskSomeone):
    """The server's certificate is not trusted by this machine."""

    hint = "if your organisation's proxy opens TLS, name its CA file in SSL_CERT_FILE"
