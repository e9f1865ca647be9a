-- One commit: every check holds, or nothing is written.
-- KEYS: the prefix of the context's keys, the log, its head, and every other key that is touched. What
--   follows names a context's own keys without the prefix, so that it cannot name another's; the
--   others begin with '{' and are declared, so that the ACL refuses the script before its first write.
-- ARGV: the channel; then, in MessagePack:
--   checks:   key, field ('' for a plain string), the value expected ('' for none), …
--   events:   type, JSON, …
--   commands: lists of words
-- Answers {1, head} or {0, number of the check that failed}.
local prefix = KEYS[1]
local function full(key)
  if string.byte(key) == 123 then
    return key
  end
  return prefix .. key
end

local checks = cmsgpack.unpack(ARGV[2])
for at = 1, #checks, 3 do
  local found
  if checks[at + 1] == '' then
    found = redis.call('GET', full(checks[at]))
  else
    found = redis.call('HGET', full(checks[at]), checks[at + 1])
  end
  if (found or '') ~= checks[at + 2] then
    return { 0, (at + 2) / 3 }
  end
end

local events, head = cmsgpack.unpack(ARGV[3]), 0
for at = 1, #events, 2 do
  head = redis.call('INCR', KEYS[3])
  redis.call('XADD', KEYS[2], head .. '-0', 't', events[at], 'e', events[at + 1])
end

for _, words in ipairs(cmsgpack.unpack(ARGV[4])) do
  if words[1] == 'DUE' then
    -- DUE set milliseconds member: a time by the clock that all share, Redis's own.
    local time = redis.call('TIME')
    local due = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(words[3])
    redis.call('ZADD', full(words[2]), due, words[4])
  else
    words[2] = full(words[2])
    redis.call(unpack(words))
  end
end

for at = 2, #events, 2 do
  redis.call('PUBLISH', ARGV[1], events[at])
end
return { 1, head }
