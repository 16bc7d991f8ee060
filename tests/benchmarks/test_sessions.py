"""The benchmark of sessions runs, and tells what it measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "sessions.py"


def test_each_store_has_a_line_with_its_ratio() -> None:
    command = [sys.executable, str(BENCHMARK), "--stores", "memory,sqlite,sealed", "--turns", "200", "--rounds", "2"]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    head, *lines = done.stdout.splitlines()
    assert head.split()[-3:] == ["200", "ratio", "budget"]
    assert [line.split()[0] for line in lines] == ["memory", "sqlite", "sealed"]
    assert all(" +- " in line for line in lines)
