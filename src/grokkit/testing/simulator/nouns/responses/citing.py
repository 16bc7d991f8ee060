"""Citations in the text itself, for requests that include `inline_citations`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from grokkit.testing.simulator.thought import Citation

if TYPE_CHECKING:
    from grokkit.testing.simulator.thought import Thought


def cited_inline(thought: Thought) -> Thought:
    """The thought with a numbered link at the end of its text for each citation that has no place in it yet.

    >>> from grokkit.testing.simulator.thought import Thought
    >>> cited_inline(Thought(text="xAI.", citations=(Citation(url="https://x.ai"),))).text
    'xAI.[[1]](https://x.ai)'
    """
    text, placed, added = thought.text, [], []
    for number, citation in enumerate(thought.citations, 1):
        if citation.end_index:
            placed.append(citation)
            continue
        link = f"[[{number}]]({citation.url})"
        start, end = len(text), len(text) + len(link)
        placed.append(Citation(url=citation.url, title=citation.title or str(number), start_index=start, end_index=end))
        text += link
        added.append(link)
    pieces = (*thought.pieces, *added) if thought.pieces else ()
    return msgspec.structs.replace(thought, text=text, citations=tuple(placed), pieces=pieces)
