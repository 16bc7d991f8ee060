"""Listings of models and the caller's own card."""

from __future__ import annotations

from grokkit.wire.listings import ApiKeyInfo, LanguageModelList, Me, ModelList
from grokkit.wire.reading import Reader


def test_a_short_listing_and_a_long_one_are_read_alike() -> None:
    short = b'{"data":[{"id":"grok-3","created":1,"object":"model","owned_by":"xai"}],"object":"list"}'
    long = b'{"data":[{"id":"grok-4.7","aliases":["grok-latest"],"context_length":500000,"capabilities":{"new":1}}]}'

    (old,), (new,) = (Reader(ModelList).read(body).data for body in (short, long))

    assert (old.id, old.context_length, old.aliases) == ("grok-3", None, [])
    assert (new.id, new.context_length, new.aliases, new.capabilities) == (
        "grok-4.7",
        500_000,
        ["grok-latest"],
        {"new": 1},
    )


def test_what_is_new_in_a_listing_is_kept() -> None:
    found = Reader(LanguageModelList).read(b'{"models":[{"id":"a","carbon":1}],"next_page":null}')

    assert (found.models[0].extra, found.extra) == ({"carbon": 1}, {"next_page": None})


def test_the_key_and_its_owner_are_read() -> None:
    key = Reader(ApiKeyInfo).read(b'{"redacted_api_key":"xai-...9f","acls":["api-key:model:*"],"team_blocked":true}')
    me = Reader(Me).read(b'{"user_id":"u","zdr_status":"pii_scrubbing","oauth":{"client_id":"c"}}')

    assert (key.redacted_api_key, key.acls, key.team_blocked) == ("xai-...9f", ["api-key:model:*"], True)
    assert (me.user_id, me.zdr_status, me.oauth, me.api_key) == ("u", "pii_scrubbing", {"client_id": "c"}, None)
