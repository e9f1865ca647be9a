-- The end of a drain that has not come to the log's end: the lease is given back. After a failure the next try
-- has to wait.
-- KEYS: cursor, lease, tries
-- ARGV: token, 'pause' | 'unavailable' | 'fault', reason, what a try weighs, what those of the event weigh with this one
local mine = redis.call('GET', KEYS[2]) == ARGV[1]
if ARGV[2] ~= 'pause' then
  local time = redis.call('TIME')
  local waits = redis.call('HINCRBY', KEYS[3], 'waits', 1)
  local pause = math.min(100 * 2 ^ waits, 10000)
  local count = tonumber(ARGV[5])
  if ARGV[2] == 'unavailable' then
    -- Somebody else's failure is no try: the event waits as long as it takes.
    count = math.max(count - tonumber(ARGV[4]), 0)
  end
  redis.call('HSET', KEYS[3], 'position', redis.call('GET', KEYS[1]) or '0', 'count', count, 'told', '1',
    'reason', ARGV[3], 'after', time[1] * 1000 + math.floor(time[2] / 1000) + pause)
elseif mine then
  -- Nobody has begun on what comes next.
  redis.call('HDEL', KEYS[3], 'position')
end
if mine then
  redis.call('DEL', KEYS[2])
end
return 0
