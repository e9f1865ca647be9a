-- The next events that a consumer hears, if nobody else is at work on them. The cursor passes over those
-- before them that it does not hear; where nothing is left, the lease is given back. Whoever found the
-- lease taken had its event in the log before it asked, so comparing with the head here loses no wake-up.
-- KEYS: log, head, cursor, lease, tries
-- ARGV: token of the lease, its milliseconds, events read at most, what a try weighs, what one weighs that
--       ended without a word, what the first weighs of several that are tried together, the types that are heard
-- Answers {'idle' | 'busy'}, {'waiting', reason}, {'missing', number of the event that the log should have}, or
-- {'work', position, weight of the next event's tries, reason of the last failure, number, type, JSON, …},
-- without events where none of those that were read is heard.
local head = tonumber(redis.call('GET', KEYS[2]) or '0')
local before = redis.call('GET', KEYS[3]) or '0'
local position = tonumber(before)
local holder = redis.call('GET', KEYS[4])
local mine = holder == ARGV[1]
local function idle()
  if mine then
    redis.call('DEL', KEYS[4])
    -- Nobody has begun on what comes next.
    redis.call('HDEL', KEYS[5], 'position')
  end
  return { 'idle' }
end
if position >= head then
  return idle()
end
local tries = redis.call('HMGET', KEYS[5], 'position', 'count', 'after', 'reason', 'told')
local time = redis.call('TIME')
if tries[3] and tonumber(tries[3]) > time[1] * 1000 + math.floor(time[2] / 1000) then
  return { 'waiting', tries[4] or '' }
end
if holder and not mine then
  return { 'busy' }
end

local heard = {}
for at = 7, #ARGV do
  heard[ARGV[at]] = true
end
local events, last = {}, position
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], (position + 1) .. '-0', '+', 'COUNT', ARGV[3])) do
  local number = string.match(entry[1], '^%d+')
  if heard[entry[2][2]] then
    events[#events + 1] = number
    events[#events + 1] = entry[2][2]
    events[#events + 1] = entry[2][4]
  elseif #events == 0 then
    position = tonumber(number)
  end
  last = tonumber(number)
end
if last == tonumber(before) then
  return { 'missing', last + 1 }
end
if position ~= tonumber(before) then
  redis.call('SET', KEYS[3], string.format('%.0f', position))
end
if position >= head then
  return idle()
end

redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[2])
-- A try counts before the handler runs, so that a trap counts; but not one together with others, any of which
-- may trap: after that each is tried alone. Inside one drain the commit before has counted already.
local count = 0
if tries[1] == before then
  count = tonumber(tries[2])
  if not mine then
    count = count + tonumber(tries[5] == '1' and ARGV[4] or ARGV[5])
  end
end
if count == 0 then
  count = tonumber(#events == 3 and ARGV[4] or ARGV[6])
end
redis.call('HSET', KEYS[5], 'position', string.format('%.0f', position), 'count', count, 'told', '')
local answer = { 'work', position, count, tries[4] or '' }
for _, word in ipairs(events) do
  answer[#answer + 1] = word
end
return answer
