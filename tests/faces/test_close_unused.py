"""Closing a blocking client that never called anything starts no thread, and closes it all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faces.conftest import Program

THREADS = "print(threading.active_count())"
UNUSED = {
    "closed": "Grok().close()",
    "closed twice": "grok = Grok(); grok.close(); grok.close()",
    "left by a with block": "with Grok(): pass",
    "derived": "Grok().with_options(timeout=1).close()",
    "closed in a running loop": """
        import asyncio
        async def main():
            Grok().close()
        asyncio.run(main())
    """,
}


@pytest.mark.parametrize("source", UNUSED.values(), ids=UNUSED)
def test_closing_an_unused_client_starts_no_thread(program: Callable[[str], Program], source: str) -> None:
    lines = source if source.startswith("\n") else f"\n        {source}\n"

    done = program(f"""
        import threading
        from grokkit import Grok{lines}
        {THREADS}
    """).end()

    assert done == (0, ["1"], "")


def test_a_client_that_was_closed_unused_refuses_calls(program: Callable[[str], Program]) -> None:
    done = program("""
        from grokkit import Grok
        from grokkit.errors import ClientClosed
        grok = Grok()
        derived = grok.with_options(timeout=1)
        grok.close()
        for client in (grok, derived):
            try:
                client.ask("plain")
            except ClientClosed:
                print("closed")
    """).end()

    assert done == (0, ["closed", "closed"], "")


def test_an_unused_client_closes_alone_beside_one_that_is_used(program: Callable[[str], Program]) -> None:
    done = program("""
        from grokkit import Grok
        with Grok() as used:
            used.ask("plain")
            Grok().close()
            print(used.ask("plain"))
    """).end()

    assert done == (0, ["plain"], "")


def test_closing_stops_the_engine_of_an_unused_local_client(program: Callable[[str], Program]) -> None:
    done = program(f"""
        import threading
        from grokkit import Grok
        class Engine:
            def close(self):
                print("stopped")
        grok = Grok()
        grok.twin._engine = Engine()
        grok.close()
        {THREADS}
    """).end()

    assert done == (0, ["stopped", "1"], "")
