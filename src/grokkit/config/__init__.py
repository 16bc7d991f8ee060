"""What a client is told: settings with their sources, limits of time, secrets that stay secret."""

from .builder import Builder
from .explain import format_explanation, settings_table
from .headers import Headers
from .kinds import KeySource
from .layering import Origin, Setting, Spec
from .not_given import NOT_GIVEN, NotGiven
from .profiles import KeyExposed
from .resolve import resolve
from .secret import Secret, SecretURL
from .settings import SETTINGS, Config
from .timeouts import Auto, Limits, Seconds, Timeouts
from .unfit import redact

__all__ = [
    "NOT_GIVEN",
    "SETTINGS",
    "Auto",
    "Builder",
    "Config",
    "Headers",
    "KeyExposed",
    "KeySource",
    "Limits",
    "NotGiven",
    "Origin",
    "Seconds",
    "Secret",
    "SecretURL",
    "Setting",
    "Spec",
    "Timeouts",
    "format_explanation",
    "redact",
    "resolve",
    "settings_table",
]
