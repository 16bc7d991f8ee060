"""docs/configuration.md says what the code does."""

from pathlib import Path

from grokkit.config import settings_table

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_table_of_settings_is_the_one_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")

    table = page.partition("<!-- settings -->\n")[2].partition("\n<!-- end of settings -->")[0]

    assert table == settings_table(), "paste what `settings_table()` returns between the markers"
