"""What the plugin knows of one test while it runs. Loads nothing: it is there in every run of pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from grokkit.testing.pytest_plugin.exchanges import Exchanges


class Notes:
    """The calls of one test, what is to be checked at its end, and how it went."""

    def __init__(self, exchanges: Exchanges) -> None:
        self.exchanges = exchanges
        self.checks: list[Callable[[], None]] = []
        self.passed = False

    def check(self) -> None:
        """Fail the test for the first thing that is not as expected at its end."""
        wrong = None
        for check in self.checks:
            try:
                check()
            except AssertionError as error:
                wrong = wrong or str(error)
        if wrong is not None:
            pytest.fail(wrong, pytrace=False)

    def take(self, report: pytest.TestReport) -> None:
        """Remember the outcome, and add to the report of a failure what was called."""
        if report.when == "call":
            self.passed = report.passed
        if report.failed and (told := self.exchanges.told()):
            report.sections.append((self.exchanges.title, told))


NOTES = pytest.StashKey[Notes]()
