"""Making tools loads nothing that only some users have."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import json, sys
from grokkit.tools import tool
@tool
def weather(city: str, days: int = 1) -> str:
    "Forecast."
    return city
weather.decode('{"city": "Oslo"}')
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_a_tool_needs_no_optional_package() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, check=True)

    assert not {"pydantic", "attr", "attrs", "jsonschema_rs", "aiohttp"} & set(json.loads(done.stdout))
