"""The store's operations as Redis scripts: each runs alone on the server, on the server's clock.

`quota.py` in Lua is in here too, name by name; a test compares the two.
"""

SERVER_CLOCK = """
local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000000 + time[2]
end
"""

COMPARE_AND_SET = """
local there = redis.call('GET', KEYS[1])
local expected = ARGV[1] == '1' and ARGV[2]
if there ~= expected then return 0 end
if ARGV[3] ~= '1' then redis.call('DEL', KEYS[1])
elseif ARGV[5] == '' then redis.call('SET', KEYS[1], ARGV[4])
else redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5]) end
return 1
"""

INCREMENT = """
local total = tonumber(redis.call('GET', KEYS[1]) or '0') + tonumber(ARGV[1])
if ARGV[3] ~= '' then total = math.min(total, tonumber(ARGV[3])) end
if ARGV[2] ~= '' and total < tonumber(ARGV[2]) then return false end
total = string.format('%.17g', total)
if ARGV[4] == '' then redis.call('SET', KEYS[1], total)
else redis.call('SET', KEYS[1], total, 'PX', ARGV[4]) end
return total
"""

LEASE = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""

_QUOTA = """
local SLOTS = 61

local function put_back(use, quota, now)
    local current, ahead = math.floor(now / quota.slot), 0
    while #use.numbers > 0 and use.numbers[#use.numbers] >= current do
        table.remove(use.numbers)
        ahead = ahead + table.remove(use.units)
    end
    if ahead > 0 then
        table.insert(use.numbers, current)
        table.insert(use.units, ahead)
    end
    use.at = now
end

local function bring_up(use, quota, now)
    if now < use.at then put_back(use, quota, now) end
    while true do
        local leaves = now + 1
        if #use.numbers > 0 then leaves = (use.numbers[1] + SLOTS) * quota.slot end
        local till = math.min(now, leaves)
        local flowed = (till - use.at) * quota.rate
        use.level = math.min(quota.depth, use.level + flowed)
        use.spare = math.min(quota.depth, math.max(0, quota.limit - use.used), use.spare + flowed)
        use.at = till
        if leaves > now then return end
        table.remove(use.numbers, 1)
        use.used = use.used - table.remove(use.units, 1)
    end
end

local function until_left(use, quota, excess)
    local leaves = use.at
    for i, number in ipairs(use.numbers) do
        if excess <= 0 then break end
        excess = excess - use.units[i]
        leaves = (number + SLOTS) * quota.slot
    end
    return leaves - use.at
end

local function wait_for(use, quota, amount)
    amount = math.min(amount, quota.limit)
    local excess = use.used + amount - quota.limit - quota.slack
    local least = math.min(0, quota.limit - quota.depth)
    local missing = math.max(math.min(quota.depth, amount) - use.level, least - use.spare) - quota.slack
    if excess <= 0 and missing <= 0 then return 0 end
    local filled = 0
    if missing > 0 then filled = math.ceil(missing / quota.rate) end
    return math.max(until_left(use, quota, excess), filled)
end

local function take(use, quota, amount)
    use.level = use.level - amount
    use.spare = use.spare - amount
    use.used = use.used + amount
    local count, number = #use.numbers, math.floor(use.at / quota.slot)
    if use.numbers[count] == number then
        use.units[count] = use.units[count] + amount
    else
        use.numbers[count + 1] = number
        use.units[count + 1] = amount
    end
end

local function give(use, quota, amount, at)
    if amount < 0 then return take(use, quota, -amount) end
    local taken = math.floor(at / quota.slot)
    for i, number in ipairs(use.numbers) do
        if number == taken then
            local freed = math.min(use.units[i], amount)
            use.units[i] = use.units[i] - freed
            use.used = use.used - freed
            use.level = use.level + freed
            use.spare = use.spare + freed
        end
    end
end

local function lasts(use, quota)
    local full = math.min(quota.depth, quota.limit)
    local room = math.min(full, math.max(0, quota.limit - use.used))
    local missing = math.max(quota.depth - use.level, full - use.spare)
    return math.max(SLOTS * quota.slot + math.ceil((full - room) / quota.rate), math.ceil(missing / quota.rate))
end

local function asked(i)
    local at = (i - 1) * 6
    local function number(n) return tonumber(ARGV[at + n]) end
    local quota = {limit = number(2), depth = number(3), slot = number(4), rate = number(5), slack = number(6)}
    return number(1), quota
end

local function write(key, use, quota)
    local kept = cmsgpack.pack({use.level, use.spare, use.at, use.numbers, use.units})
    redis.call('SET', key, kept, 'PX', string.format('%.0f', math.ceil(lasts(use, quota) / 1000)))
end

local function read(key, quota, now)
    local spare = math.min(quota.depth, quota.limit)
    local use = {level = quota.depth, spare = spare, at = now, numbers = {}, units = {}, used = 0}
    local kept = redis.call('GET', key)
    if kept then use.level, use.spare, use.at, use.numbers, use.units = unpack(cmsgpack.unpack(kept)) end
    for _, units in ipairs(use.units) do use.used = use.used + units end
    local was_ahead = use.at > now
    bring_up(use, quota, now)
    if was_ahead then write(key, use, quota) end
    return use
end
"""

TAKE = (
    _QUOTA
    + """
local now, wait, uses = clock(), 0, {}
for i, key in ipairs(KEYS) do
    local amount, quota = asked(i)
    uses[i] = read(key, quota, now)
    wait = math.max(wait, wait_for(uses[i], quota, amount))
end
if wait == 0 then
    for i, key in ipairs(KEYS) do
        local amount, quota = asked(i)
        take(uses[i], quota, math.min(amount, quota.limit))
        write(key, uses[i], quota)
    end
end
return {wait, now}
"""
)
"""Six arguments for each key; the clock goes before it."""

GIVE = (
    _QUOTA
    + """
local now, at = clock(), tonumber(ARGV[#KEYS * 6 + 1])
for i, key in ipairs(KEYS) do
    local amount, quota = asked(i)
    local use = read(key, quota, now)
    give(use, quota, amount, at)
    write(key, use, quota)
end
"""
)
"""Six arguments for each key, and when it was taken; the clock goes before it."""
