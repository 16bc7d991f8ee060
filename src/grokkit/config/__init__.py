"""What a client is told: settings with their sources, limits of time, secrets that stay secret."""

from .builder import Builder
from .explain import format_explanation, settings_table
from .headers import Headers
from .kinds import KeySource
from .layering import Origin, Setting, Spec
from .not_given import NOT_GIVEN, NotGiven
from .policies import Cache, Circuit, Fallback, Hedge, Policies, RateLimit, Retry
from .profiles import KeyExposed
from .resolve import resolve
from .secret import Secret, SecretURL
from .settings import POLICY_NAMES, SETTINGS, Config
from .timeouts import Auto, Limits, Seconds, Timeouts
from .unfit import redact

__all__ = [
    "NOT_GIVEN",
    "POLICY_NAMES",
    "SETTINGS",
    "Auto",
    "Builder",
    "Cache",
    "Circuit",
    "Config",
    "Fallback",
    "Headers",
    "Hedge",
    "KeyExposed",
    "KeySource",
    "Limits",
    "NotGiven",
    "Origin",
    "Policies",
    "RateLimit",
    "Retry",
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
