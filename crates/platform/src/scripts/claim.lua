-- The next events of a consumer, if nobody else is at work on them.
-- KEYS: log, head, cursor, lease, tries
-- ARGV: token of the lease, its milliseconds, events at most
-- Answers {'idle' | 'busy', position, head}, {'waiting', position, head, reason}, or
-- {'work', position, head, tries of the next event, reason of the last failure, number, type, JSON, …}.
local head = tonumber(redis.call('GET', KEYS[2]) or '0')
local position = tonumber(redis.call('GET', KEYS[3]) or '0')
if position >= head then
  return { 'idle', position, head }
end
local tries = redis.call('HMGET', KEYS[5], 'position', 'count', 'after', 'reason')
local time = redis.call('TIME')
if tries[3] and tonumber(tries[3]) > time[1] * 1000 + math.floor(time[2] / 1000) then
  return { 'waiting', position, head, tries[4] or '' }
end
local holder = redis.call('GET', KEYS[4])
if holder and holder ~= ARGV[1] then
  return { 'busy', position, head }
end
redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[2])
-- A try counts before the handler runs, so that a trap counts. Inside one drain the commit before
-- has counted already.
local count = 1
if tries[1] == tostring(position) then
  count = tonumber(tries[2])
  if not holder then
    count = count + 1
  end
end
redis.call('HSET', KEYS[5], 'position', position, 'count', count)
local answer = { 'work', position, head, count, tries[4] or '' }
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], (position + 1) .. '-0', '+', 'COUNT', ARGV[3])) do
  answer[#answer + 1] = string.match(entry[1], '^%d+')
  answer[#answer + 1] = entry[2][2]
  answer[#answer + 1] = entry[2][4]
end
return answer
