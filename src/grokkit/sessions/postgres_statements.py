"""What the PostgreSQL store of sessions says to the server.

Texts are kept as bytes, so that any text fits, in a database of any encoding, and sorts the same way everywhere. Where
they are looked up their hashes are, since an index takes no long texts.
"""

from typing import Final, LiteralString


def _together(*parts: LiteralString) -> LiteralString:
    return "\n".join(parts)


SCHEMA: Final = """
SELECT pg_advisory_xact_lock(7311992086231475314);
CREATE TABLE IF NOT EXISTS grokkit_sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant bytea NOT NULL, name bytea NOT NULL, version bigint NOT NULL DEFAULT 0,
    title bytea NOT NULL DEFAULT '', title_folded bytea NOT NULL DEFAULT '', tags bytea[] NOT NULL DEFAULT '{}',
    origin bytea NOT NULL DEFAULT '', created double precision NOT NULL, updated double precision NOT NULL,
    counts jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX IF NOT EXISTS grokkit_sessions_names ON grokkit_sessions (sha256(tenant), sha256(name));
CREATE INDEX IF NOT EXISTS grokkit_sessions_newest ON grokkit_sessions (sha256(tenant), updated);
CREATE TABLE IF NOT EXISTS grokkit_session_tags (
    tag bytea NOT NULL, session bigint NOT NULL, PRIMARY KEY (tag, session)
);
CREATE INDEX IF NOT EXISTS grokkit_session_tags_sessions ON grokkit_session_tags (session);
CREATE TABLE IF NOT EXISTS grokkit_session_turns (
    session bigint NOT NULL, version bigint NOT NULL, id bytea NOT NULL, turn bytea NOT NULL, folded bytea NOT NULL,
    PRIMARY KEY (session, version)
);
"""
"""One transaction; the lock has processes that come at the same time do it one after the other."""

_HERE: Final = "sha256(tenant) = sha256(%(tenant)s) AND sha256(name) = sha256(%(name)s)"
_ABOUT: Final = "name, version, title, tags, origin, created, updated, counts"
_GROWN: Final = """
version = grokkit_sessions.version + %(count)s, updated = greatest(grokkit_sessions.updated, %(updated)s), counts = (
    SELECT coalesce(jsonb_object_agg(name, amount), '{}') FROM (
        SELECT name, sum(amount::numeric) AS amount FROM (
            SELECT * FROM jsonb_each_text(grokkit_sessions.counts)
            UNION ALL SELECT * FROM jsonb_each_text(%(counts)s::jsonb)
        ) AS both_ (name, amount) GROUP BY name
    ) AS sums
)
"""
_ADD: Final = """
INSERT INTO grokkit_session_turns (session, version, id, turn, folded)
SELECT grown.id, %(expected)s + new.at, new.id, new.turn, new.folded
FROM grown, unnest(%(ids)s::bytea[], %(turns)s::bytea[], %(folded)s::bytea[])
    WITH ORDINALITY AS new (id, turn, folded, at)
"""
BEGIN: Final = _together(
    """
    WITH grown AS (
        INSERT INTO grokkit_sessions (tenant, name, version, created, updated, counts)
        VALUES (%(tenant)s, %(name)s, %(count)s, %(created)s, %(updated)s, %(counts)s::jsonb)
        ON CONFLICT (sha256(tenant), sha256(name)) DO UPDATE SET
    """,
    _GROWN,
    "WHERE grokkit_sessions.version = 0 RETURNING id)",
    _ADD,
)
"""The first turns of a session, which may have a description already. Nothing is written where it has turns."""
GROW: Final = _together(
    "WITH grown AS (UPDATE grokkit_sessions SET",
    _GROWN,
    "WHERE",
    _HERE,
    "AND version = %(expected)s RETURNING id)",
    _ADD,
)
"""More turns: who is faster holds the session's row, and whoever waited for it finds another version there."""
THERE: Final = _together(
    """
    SELECT version, ARRAY(
        SELECT turns.id FROM grokkit_session_turns AS turns
        WHERE turns.session = grokkit_sessions.id AND turns.version > %(expected)s
        ORDER BY turns.version LIMIT %(count)s
    ) FROM grokkit_sessions WHERE
    """,
    _HERE,
)
"""The version, and the ids of the turns that are where others were to be added."""
LOAD: Final = _together(
    "SELECT turn FROM grokkit_session_turns WHERE session = (SELECT id FROM grokkit_sessions WHERE",
    _HERE,
    ") AND version > %(after)s ORDER BY version LIMIT %(limit)s",
)
INFO: Final = _together("SELECT", _ABOUT, "FROM grokkit_sessions WHERE", _HERE)
DESCRIBE: Final = _together(
    """
    INSERT INTO grokkit_sessions (tenant, name, title, title_folded, tags, origin, created, updated)
    VALUES (%(tenant)s, %(name)s, coalesce(%(title)s::bytea, ''), coalesce(%(folded)s::bytea, ''),
        coalesce(%(tags)s::bytea[], '{}'), coalesce(%(origin)s::bytea, ''), %(at)s, %(at)s)
    ON CONFLICT (sha256(tenant), sha256(name)) DO UPDATE SET
        title = coalesce(%(title)s::bytea, grokkit_sessions.title),
        title_folded = coalesce(%(folded)s::bytea, grokkit_sessions.title_folded),
        tags = coalesce(%(tags)s::bytea[], grokkit_sessions.tags),
        origin = coalesce(%(origin)s::bytea, grokkit_sessions.origin)
    RETURNING id,
    """,
    _ABOUT,
)
UNTAG: Final = "DELETE FROM grokkit_session_tags WHERE session = %(session)s"
TAG: Final = """
INSERT INTO grokkit_session_tags (tag, session)
SELECT DISTINCT sha256(tag), %(session)s::bigint FROM unnest(%(tags)s::bytea[]) AS tag
"""
DELETE: Final = _together("DELETE FROM grokkit_sessions WHERE", _HERE, "RETURNING id")
DELETE_TURNS: Final = "DELETE FROM grokkit_session_turns WHERE session = %(session)s"

_CHOSEN: Final = "sha256(tenant) = sha256(%(tenant)s)"
_TAGGED: Final = """
sha256(tenant) = sha256(%(tenant)s)
AND id IN (SELECT session FROM grokkit_session_tags WHERE tag = sha256(%(tag)s))
"""
_LIST: Final = _together(
    "SELECT",
    _ABOUT,
    "FROM grokkit_sessions WHERE updated <= %(updated)s AND (updated, name) < (%(updated)s, %(name)s) AND",
)
_IN_ORDER: Final = "ORDER BY updated DESC, name DESC LIMIT %(limit)s"
LIST: Final = _together(_LIST, _CHOSEN, _IN_ORDER)
LIST_TAGGED: Final = _together(_LIST, _TAGGED, _IN_ORDER)

_OF: Final = "WITH chosen AS (SELECT id, name, updated, title, title_folded FROM grokkit_sessions WHERE"
_FOUND: Final = """
) SELECT name, version, title, turn FROM (
    SELECT name, updated, 0 AS version, title, NULL AS turn, true AS is_title FROM chosen
    WHERE NOT EXISTS (SELECT FROM unnest(%(words)s::bytea[]) AS word WHERE position(word IN title_folded) = 0)
    UNION ALL
    SELECT name, updated, turns.version, title, turn, false
    FROM chosen JOIN grokkit_session_turns AS turns ON turns.session = chosen.id
    WHERE NOT EXISTS (SELECT FROM unnest(%(words)s::bytea[]) AS word WHERE position(word IN folded) = 0)
) AS hits ORDER BY updated DESC, name DESC, is_title DESC, version DESC LIMIT %(limit)s
"""
"""Of the newest session first its title, then its last turn."""
SEARCH: Final = _together(_OF, _CHOSEN, _FOUND)
SEARCH_TAGGED: Final = _together(_OF, _TAGGED, _FOUND)
