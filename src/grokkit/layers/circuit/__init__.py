"""The layer `circuit`: calls that are bound to fail are not sent."""

from grokkit.layers.circuit.breaker import CircuitBreaker as CircuitBreaker
from grokkit.layers.circuit.health import CircuitHealth as CircuitHealth
from grokkit.layers.circuit.shared import LEASE as LEASE
from grokkit.layers.circuit.state import CircuitState as CircuitState
from grokkit.layers.circuit.verdict import is_fault as is_fault

__all__ = ["LEASE", "CircuitBreaker", "CircuitHealth", "CircuitState", "is_fault"]
