"""What the tests of this folder share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def cutting() -> Any:
    """The module that cuts whole replies into streams."""
    path = Path(__file__).with_name("cutting.py")
    spec = importlib.util.spec_from_file_location("cutting", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["cutting"] = module
    spec.loader.exec_module(module)
    return module
