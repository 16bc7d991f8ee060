"""Questions that shops are asked again and again: each is paid for once, and answered at once from then on.

    python shop_answers.py lamps "Is the Blue lamp dimmable?"

One client for all shops; each shop is a tenant, so that none is ever given another one's answers. Answers are good for
an hour; for a day more the old one is given at once while a new one is fetched in the background. When a product
changes, the answers about it are given no more.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grokkit import Cache, Grok

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from grokkit import Answer

HOUR = 3600.0
DAY = 24 * HOUR
WHERE = "sqlite:///answers.db"
KEPT = Cache(store=WHERE, ttl=HOUR, stale=DAY, refresh_usd=0.50)
"""Half a dollar in any hour is what fetching answers anew may cost."""


@dataclass(frozen=True)
class Shop:
    """A shop, and what it sells: a line on each product, by its name."""

    name: str
    products: Mapping[str, str]

    def about(self, question: str) -> list[str]:
        """The products that a question is about."""
        return sorted(name for name in self.products if name.casefold() in question.casefold())


def answer(grok: Grok, shop: Shop, question: str) -> Answer:
    """The answer to a customer's question; `.cached` tells whether it was there already."""
    prompt, products = _prompt(shop, question)
    return grok.ask(prompt, instructions=_manner(shop), tenant=shop.name, cache=_kept_for(products), temperature=0)


def type_out(grok: Grok, shop: Shop, question: str) -> Iterator[str]:
    """The same answer piece by piece: one that was there already is typed out too, as fast as one can read."""
    prompt, products = _prompt(shop, question)
    kept = {**_kept_for(products), "pace": 0.02}
    fields = {"instructions": _manner(shop), "temperature": 0}
    with grok.stream(prompt, tenant=shop.name, cache=kept, **fields) as stream:
        yield from stream.text()


def suggest(grok: Grok, shop: Shop) -> str:
    """A slogan: another one each time, so it is asked for anew each time."""
    return grok.ask(f"A slogan for a shop that sells {', '.join(shop.products)}.", tenant=shop.name, cache=False).text


def changed(grok: Grok, product: str) -> None:
    """A product is not what it was: all answers about it are given no more, in all shops and processes."""
    grok.cache.invalidate(tag=_tag(product))


def closed(grok: Grok, shop: Shop) -> None:
    """A shop is closed, or wants everything said anew."""
    grok.cache.invalidate(tenant=shop.name)


def bill(answers: Iterable[Answer]) -> tuple[float, float]:
    """What these answers cost, and what they would have cost besides if each had been asked for, in US dollars."""
    usages = [each.usage for each in answers]
    saved = sum(usage.saved_ticks for usage in usages) / 10**10
    return sum(usage.cost_usd or 0.0 for usage in usages), saved


def _prompt(shop: Shop, question: str) -> tuple[str, list[str]]:
    """Spaces and question marks at the end make no other question."""
    products = shop.about(question)
    facts = "\n".join(f"{name}: {shop.products[name]}" for name in products)
    return f"{' '.join(question.split()).rstrip('?! ')}?\n\n{facts}".strip(), products


def _manner(shop: Shop) -> str:
    return f"You answer customers of the shop {shop.name}. One sentence. Only what the facts say."


def _kept_for(products: Iterable[str]) -> dict[str, object]:
    return {"tags": [_tag(product) for product in products]}


def _tag(product: str) -> str:
    return f"product-{product.casefold()}"


def main() -> None:
    """Answer the question of the command line twice."""
    name, question = [*sys.argv[1:], "lamps", "Is the Blue lamp dimmable?"][:2]
    shop = Shop(name, {"Blue lamp": "40 W, dimmable, 1.2 m", "Red lamp": "60 W, 1.5 m"})
    with Grok(cache=KEPT) as grok:
        answers = [answer(grok, shop, question) for _ in range(2)]
        print(answers[0].text)
        print([each.cached for each in answers], bill(answers), grok.cache.health())


if __name__ == "__main__":
    main()
