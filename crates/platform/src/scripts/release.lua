-- The end of a batch.
-- KEYS: head, cursor, lease, tries
-- ARGV: token, position before and after events that nobody here hears, 'done' | 'unavailable' |
--       'fault', reason
-- Answers 1 where there is more to do (the lease is kept), else 0. Whoever found the lease taken had
-- its event in the log before it asked, so comparing with the head here loses no wake-up.
if ARGV[2] ~= ARGV[3] and (redis.call('GET', KEYS[2]) or '0') == ARGV[2] then
  redis.call('SET', KEYS[2], ARGV[3])
end
local mine = redis.call('GET', KEYS[3]) == ARGV[1]
if ARGV[4] == 'done' then
  redis.call('DEL', KEYS[4])
  local head = tonumber(redis.call('GET', KEYS[1]) or '0')
  if mine and tonumber(redis.call('GET', KEYS[2]) or '0') < head then
    return 1
  end
else
  local time = redis.call('TIME')
  local waits = redis.call('HINCRBY', KEYS[4], 'waits', 1)
  local pause = math.min(100 * 2 ^ waits, 10000)
  local position = redis.call('GET', KEYS[2]) or '0'
  local count = tonumber(redis.call('HGET', KEYS[4], 'count') or '1')
  if ARGV[4] == 'unavailable' then
    -- Somebody else's failure is no try: the event waits as long as it takes.
    count = math.max(count - 1, 0)
  end
  redis.call('HSET', KEYS[4], 'position', position, 'count', count, 'reason', ARGV[5],
    'after', time[1] * 1000 + math.floor(time[2] / 1000) + pause)
end
if mine then
  redis.call('DEL', KEYS[3])
end
return 0
