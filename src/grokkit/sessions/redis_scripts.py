"""The operations of the Redis store of sessions: each runs alone on the server.

All keys of a tenant lie in one hash slot. An entry is the turn's id, 32 letters, and the turn; a session's hash holds
what is said of it and its counters, which begin with `#`.
"""

_INDEX = """
local function index(prefix, name, updated, tags)
    redis.call('ZADD', prefix .. 'newest', updated, name)
    for _, tag in ipairs(tags) do redis.call('ZADD', prefix .. 'tag:' .. tag, updated, name) end
end

local function tags_of(session)
    return cjson.decode(redis.call('HGET', session, 'tags') or '[]')
end
"""

APPEND = (
    _INDEX
    + """
local turns, session = KEYS[1], KEYS[2]
local prefix, name, expected, count = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local created, updated = ARGV[5], ARGV[6]

local function same()
    for i = 1, count do
        local there = redis.call('LINDEX', turns, expected + i - 1)
        if not there or string.sub(there, 1, 32) ~= string.sub(ARGV[6 + i], 1, 32) then return false end
    end
    return count > 0
end

local version = redis.call('LLEN', turns)
if version ~= expected then
    if same() then return {1, expected + count} end
    return {0, version}
end
if count == 0 then return {1, expected} end
for i = 1, count do redis.call('RPUSH', turns, ARGV[6 + i]) end
for i = 7 + count, #ARGV, 2 do redis.call('HINCRBY', session, '#' .. ARGV[i], ARGV[i + 1]) end
redis.call('HSETNX', session, 'created', created)
local before = redis.call('HGET', session, 'updated')
if before and tonumber(before) > tonumber(updated) then updated = before end
redis.call('HSET', session, 'updated', updated, 'version', expected + count)
index(prefix, name, updated, tags_of(session))
return {1, expected + count}
"""
)
"""Arguments: prefix, name, expected version, how many turns, created, updated, the turns, counters and amounts."""

DESCRIBE = (
    _INDEX
    + """
local session = KEYS[1]
local prefix, name, at = ARGV[1], ARGV[2], ARGV[3]
redis.call('HSETNX', session, 'created', at)
redis.call('HSETNX', session, 'updated', at)
if ARGV[4] == '1' then redis.call('HSET', session, 'title', ARGV[5]) end
if ARGV[6] == '1' then
    for _, tag in ipairs(tags_of(session)) do redis.call('ZREM', prefix .. 'tag:' .. tag, name) end
    redis.call('HSET', session, 'tags', ARGV[7])
end
if ARGV[8] == '1' then redis.call('HSET', session, 'origin', ARGV[9]) end
index(prefix, name, redis.call('HGET', session, 'updated'), tags_of(session))
return redis.call('HGETALL', session)
"""
)
"""Arguments: prefix, name, time; then title, tags (as JSON) and origin, each after whether it is given."""

DELETE = (
    _INDEX
    + """
local turns, session = KEYS[1], KEYS[2]
local prefix, name = ARGV[1], ARGV[2]
for _, tag in ipairs(tags_of(session)) do redis.call('ZREM', prefix .. 'tag:' .. tag, name) end
redis.call('ZREM', prefix .. 'newest', name)
redis.call('DEL', turns)
return redis.call('DEL', session)
"""
)
"""Arguments: prefix, name."""

INFO = "return redis.call('HGETALL', KEYS[1])"

NEWEST = """
local found = {}
local names = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[2], '-inf', 'LIMIT', ARGV[3], ARGV[4])
for at, name in ipairs(names) do
    found[at] = {name, redis.call('HGETALL', ARGV[1] .. 'session:' .. name)}
end
return found
"""
"""Arguments: prefix, the latest time, how many to skip, how many to give at most."""
