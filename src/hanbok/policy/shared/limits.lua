-- Counts of all machines. Every turn runs whole or not at all, and none counts a call twice, however often it is sent.
--
-- KEYS[1] begins all names: it holds the run id of this very server process, and the id that it got when it became
-- the master, so what another process wrote, or this one before another was the master, and a file or a replica brought
-- back is never taken for what is so now. ARGV: a verb, and what it needs as JSON. Money
-- is text in JSON (cjson writes no more than 14 digits).
--
--   seed      when the sums were taken from the table of spending, in microseconds
--   open      is there once every machine had the time to add what the table did not hold
--   awaited   machines that must have joined before that, or whose lease would have ended
--   places    how far each log was in the table then
--   machines  machine -> what its process calls itself, its folder first; leases: machine -> when it counts as gone
--   calls:M   call -> what machine M holds for it
--   won:DAY, won:MONTH   account -> spent and held
--   slots:KEY   machine -> calls under way; rate:KEY   call -> when it was let in
--   tokens:KEY  second -> tokens that count from then on, held or used
local ns, verb, asked = KEYS[1], ARGV[1], cjson.decode(ARGV[2])
local KEPT = 62 * 86400
local MINUTE = 60 * 1000000
local SPAN = 61 -- seconds: all of a second is then older than a minute
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local me, calls = asked.machine, ns .. 'calls:' .. asked.machine
local leases = {}

local function alive(machine)
  if leases[machine] == nil then
    leases[machine] = tonumber(redis.call('HGET', ns .. 'leases', machine) or 0)
  end
  return leases[machine] > now
end

local function renew()
  leases[me] = now + asked.lease
  redis.call('HSET', ns .. 'leases', me, leases[me])
  for _, name in ipairs({'seed', 'open', 'places', 'machines', 'leases', 'calls:' .. me}) do
    redis.call('EXPIRE', ns .. name, KEPT)
  end
end

local function charge(names, day, amount)
  for _, period in ipairs({day, string.sub(day, 1, 7)}) do
    local sums = ns .. 'won:' .. period
    for _, name in ipairs(names) do
      redis.call('HINCRBY', sums, name, amount)
    end
    redis.call('EXPIRE', sums, KEPT)
  end
end

local function slots_of(held)
  return ns .. 'slots:' .. held.space .. held.key
end

local function rate_of(held)
  return ns .. 'rate:' .. held.space .. held.key
end

local function tokens_of(held)
  return ns .. 'tokens:' .. held.space .. held.key
end

local function second_of(at)
  return math.floor(at / 1000000)
end

local function count_tokens(name, second, tokens)
  if tokens ~= 0 and second + SPAN > second_of(now) then
    redis.call('HINCRBY', name, string.format('%.0f', second), string.format('%.0f', tokens))
    redis.call('EXPIRE', name, SPAN + 1)
  end
end

-- `age`: microseconds since it came in; nil: it does now.
local function hold(held, age)
  if held.tokens then
    held.second = second_of(now - (age or 0))
  end
  if redis.call('HSETNX', calls, held.call, cjson.encode(held)) == 0 then
    return
  end
  charge(held.accounts, held.day, held.amount)
  if held.tokens then
    count_tokens(tokens_of(held), held.second, held.tokens)
  end
  redis.call('HINCRBY', slots_of(held), me, 1)
  redis.call('EXPIRE', slots_of(held), KEPT)
end

-- `tokens` below 0: what was used is not known, and counts as it was held.
local function leave(call, cost, tokens, undo)
  local kept = redis.call('HGET', calls, call)
  if not kept then
    return
  end
  redis.call('HDEL', calls, call)
  local held = cjson.decode(kept)
  charge(held.accounts, held.day, string.format('%.0f', cost - held.amount))
  if held.tokens and tokens >= 0 then
    local second = tokens < held.tokens and held.second or second_of(now)
    count_tokens(tokens_of(held), second, tokens - held.tokens)
  end
  if redis.call('HINCRBY', slots_of(held), me, -1) <= 0 then
    redis.call('HDEL', slots_of(held), me)
  end
  if undo then
    redis.call('ZREM', rate_of(held), call)
  end
end

local function active(held)
  local found, sum = redis.call('HGETALL', slots_of(held)), 0
  for i = 1, #found, 2 do
    if alive(found[i]) then
      sum = sum + found[i + 1]
    end
  end
  return sum
end

-- Seconds to wait; nil: none.
local function too_fast(held, most)
  if most == 0 then
    return 60
  end
  redis.call('ZREMRANGEBYSCORE', rate_of(held), '-inf', now - MINUTE)
  local nth = redis.call('ZRANGE', rate_of(held), -most, -most, 'WITHSCORES')
  if nth[2] then
    return math.max(1, math.ceil((nth[2] + MINUTE - now) / 1000000))
  end
end

-- Seconds to wait; nil: none.
local function too_many(held, most)
  local found, sum, seconds = redis.call('HGETALL', tokens_of(held)), held.tokens - most, {}
  for i = 1, #found, 2 do
    local second = tonumber(found[i])
    if second + SPAN > second_of(now) then
      seconds[#seconds + 1] = {second, tonumber(found[i + 1])}
      sum = sum + found[i + 1]
    else
      redis.call('HDEL', tokens_of(held), found[i])
    end
  end
  if sum <= 0 then
    return nil
  end
  table.sort(seconds, function(one, other) return one[1] < other[1] end)
  local last = second_of(now)
  for _, one in ipairs(seconds) do
    sum, last = sum - one[2], one[1]
    if sum <= 0 then
      break
    end
  end
  return math.max(1, math.ceil(last + SPAN - now / 1000000))
end

local function enter(held, limits)
  if redis.call('HEXISTS', calls, held.call) == 1 then
    return 'in'
  end
  if limits.slots >= 0 and active(held) >= limits.slots then
    return 'slots'
  end
  if limits.tokens >= 0 and held.tokens > 0 then
    local wait = too_many(held, limits.tokens)
    if wait then
      return 'tokens ' .. wait
    end
  end
  if limits.rate >= 0 then
    local wait = too_fast(held, limits.rate)
    if wait then
      return 'rate ' .. wait
    end
    redis.call('ZADD', rate_of(held), now, held.call)
    redis.call('EXPIRE', rate_of(held), 61)
  end
  for i, most in ipairs(limits.budgets) do
    for j, period in ipairs({held.day, string.sub(held.day, 1, 7)}) do
      if most[j] ~= '' then
        local sum = redis.call('HGET', ns .. 'won:' .. period, held.accounts[i]) or 0
        if sum + held.amount > tonumber(most[j]) then
          return 'budget ' .. (i - 1) .. ' ' .. (j == 1 and 'day' or 'month')
        end
      end
    end
  end
  hold(held)
  return 'in'
end

local function opened()
  if redis.call('EXISTS', ns .. 'open') == 1 then
    return true
  end
  local waited, missing = now - redis.call('GET', ns .. 'seed'), false
  for _, machine in ipairs(redis.call('SMEMBERS', ns .. 'awaited')) do
    missing = missing or redis.call('HEXISTS', ns .. 'machines', machine) == 0
  end
  if waited >= asked.lease or (waited >= asked.grace and not missing) then
    redis.call('SET', ns .. 'open', 1)
    return true
  end
  return false
end

local function await(peers)
  for _, machine in ipairs(peers) do
    redis.call('SADD', ns .. 'awaited', machine)
  end
  redis.call('EXPIRE', ns .. 'awaited', KEPT)
end

if not string.find(redis.call('INFO', 'server'), 'run_id:' .. asked.run, 1, true)
  or not string.find(redis.call('INFO', 'replication'), 'master_replid:' .. asked.term, 1, true) then
  return {'moved'}
end

local seeded = redis.call('EXISTS', ns .. 'seed') == 1

if verb == 'look' then
  local process = redis.call('HGET', ns .. 'machines', me) or ''
  return {seeded and 'seeded' or 'unseeded', process, redis.call('HGET', ns .. 'places', asked.log) or ''}
end

if verb == 'seed' then
  if not seeded then
    -- Nothing is left, unless somebody took a part of it away.
    for _, machine in ipairs(redis.call('HKEYS', ns .. 'machines')) do
      redis.call('DEL', ns .. 'calls:' .. machine)
    end
    redis.call('DEL', ns .. 'machines', ns .. 'open', ns .. 'awaited')
    for _, one in ipairs(asked.spent) do
      redis.call('HSET', ns .. 'won:' .. one[2], one[1], one[3])
    end
    for _, one in ipairs(asked.places) do
      redis.call('HSET', ns .. 'places', one[1], one[2])
    end
    await(asked.peers)
    redis.call('SET', ns .. 'seed', now)
  end
  return {'ok'}
end

if not seeded then
  return {'unseeded'}
end

if verb == 'machines' then
  local found = {}
  for _, name in ipairs(redis.call('HKEYS', ns .. 'machines')) do
    local all, sum = redis.call('HVALS', ns .. 'calls:' .. name), 0
    for _, kept in ipairs(all) do
      sum = sum + cjson.decode(kept).amount
    end
    found[#found + 1] = {name, alive(name) and 1 or 0, #all, string.format('%.0f', sum)}
  end
  return {'ok', found}
end

if verb == 'release' then
  if redis.call('HEXISTS', ns .. 'machines', me) == 0 then
    return {'unknown'}
  end
  if alive(me) then
    return {'alive'}
  end
  -- The calls stay known: should the machine come back, each is charged what its log says, once.
  local all, sum = redis.call('HVALS', calls), 0
  for _, kept in ipairs(all) do
    local held = cjson.decode(kept)
    charge(held.accounts, held.day, string.format('%.0f', 0 - held.amount))
    sum, held.amount = sum + held.amount, '0'
    redis.call('HSET', calls, held.call, cjson.encode(held))
  end
  return {'ok', #all, string.format('%.0f', sum)}
end

if verb == 'join' then
  local before = redis.call('HGET', ns .. 'machines', me)
  if asked.fresh == (before ~= false) then
    return {'unjoined'} -- it is not as it was when the machine looked
  end
  if before and string.sub(before, 1, #asked.folder) ~= asked.folder and alive(me) then
    return {'twin'}
  end
  redis.call('HSET', ns .. 'machines', me, asked.process)
  renew()
  await(asked.peers)
  if not before then
    for _, one in ipairs(asked.charges) do
      charge({one[1]}, one[2], one[3])
    end
    for i, held in ipairs(asked.holds) do
      hold(held, asked.ages[i])
    end
    for _, one in ipairs(asked.recent) do
      redis.call('ZADD', ns .. 'rate:' .. one[1], now - one[3], one[2])
      redis.call('EXPIRE', ns .. 'rate:' .. one[1], 61)
    end
    for _, one in ipairs(asked.used) do
      count_tokens(ns .. 'tokens:' .. one[1], second_of(now - one[2]), one[3])
    end
  end
  return {'ok', redis.call('HVALS', calls)}
end

-- turn
if redis.call('HGET', ns .. 'machines', me) ~= asked.process then
  return {'unjoined'}
end
renew()
local answers, open = {}, opened()
for i, op in ipairs(asked.ops) do
  if op[1] == 'enter' then
    answers[i] = open and enter(op[2], op[3]) or 'wait'
  else
    answers[i] = 'done'
    if op[1] == 'hold' then
      hold(op[2])
    else
      leave(op[2], op[3], op[4], op[1] == 'undo')
    end
  end
end
local peers = {}
if asked.beat then
  for _, machine in ipairs(redis.call('HKEYS', ns .. 'leases')) do
    if alive(machine) then
      peers[#peers + 1] = machine
    end
  end
end
return {'ok', open and 1 or 0, redis.call('HLEN', calls), peers, answers}
