"""Credentials of an API: placed where the document says, and taken out of everything that comes back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from grokkit.config import Secret
from grokkit.tools.openapi.document import objects
from grokkit.tools.refusals import ToolUnfit

if TYPE_CHECKING:
    from grokkit.tools.openapi.document import Document, Json

SecretText = str | Secret
Auth = SecretText | Mapping[str, SecretText]
"""A credential for the document's one scheme, or one for each by its name; `user:password` for basic."""
_SHORTEST_SCRUBBED = 4


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is sent with every request; nothing of it shows in a repr."""

    headers: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    query: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, Secret] = field(default_factory=dict, repr=False)

    def scrubbed(self, text: str) -> str:
        """The text with `***` in place of the credentials, should a server repeat them."""
        for each in self._spellings():
            text = text.replace(each, "***")
        return text

    def owns(self, where: str, name: str) -> bool:
        """Whether this parameter is a credential, which the model must not know or set."""
        kept = {"header": self.headers, "query": self.query, "cookie": self.cookies}.get(where, {})
        return name.lower() in {each.lower() for each in kept}

    def _spellings(self) -> list[str]:
        values = [each.reveal() for kept in (self.headers, self.query, self.cookies) for each in kept.values()]
        words = {
            spelt for value in values for spelt in (value, value.partition(" ")[2] or value, quote(value, safe=""))
        }
        return sorted((word for word in words if len(word) >= _SHORTEST_SCRUBBED), key=len, reverse=True)


def credentials(document: Document, auth: Auth | None, headers: Mapping[str, SecretText]) -> Credentials:
    """Credentials by the security schemes of the document; raises `ToolUnfit` for schemes that are not there."""
    parts: dict[str, dict[str, Secret]] = {"header": {}, "query": {}, "cookie": {}}
    components = objects(document.content.get("components"), "components")
    schemes = objects(components.get("securitySchemes"), "securitySchemes")
    for name, secret in _by_scheme(auth, schemes).items():
        if name not in schemes:
            known = ", ".join(schemes) or "none"
            raise ToolUnfit(f"the document has no security scheme {name!r}; it has: {known}", param="auth")
        where, key, value = _placed(name, document.resolved(schemes[name]), Secret(secret))
        parts[where][key] = value
    given = {name: Secret(value) for name, value in headers.items()}
    return Credentials({**parts["header"], **given}, parts["query"], parts["cookie"])


def _by_scheme(auth: Auth | None, schemes: Json) -> Mapping[str, SecretText]:
    if auth is None:
        return {}
    if isinstance(auth, Mapping):
        return auth
    if len(schemes) != 1:
        hint = 'say which: auth={"scheme": "..."}, or send a header: headers={"Authorization": "Bearer ..."}'
        known = ", ".join(schemes) or "none"
        raise ToolUnfit(f"one credential was given, and the document has these schemes: {known}", hint=hint)
    return {next(iter(schemes)): auth}


def _placed(name: str, scheme: Json, secret: Secret) -> tuple[str, str, Secret]:
    match scheme:
        case {"type": "apiKey", "in": "header" | "query" | "cookie" as where, "name": str(key)}:
            return where, key, secret
        case {"type": "http", "scheme": str(kind)} if kind.lower() == "basic":
            pair = base64.b64encode(secret.reveal().encode()).decode()
            return "header", "Authorization", Secret(f"Basic {pair}")
        case {"type": "http" | "oauth2" | "openIdConnect"}:
            return "header", "Authorization", Secret(f"Bearer {secret.reveal()}")
    raise ToolUnfit(f"the security scheme {name!r} is of a kind that is not known", hint="send it with headers={...}")
