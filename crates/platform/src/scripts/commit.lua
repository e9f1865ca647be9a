-- One commit: every check holds, or nothing is written.
-- KEYS: every key that is touched, so that the ACL refuses the whole script before its first write.
-- ARGV: checks, events and commands, each with its count in front:
--   check:   key, field ('' for a plain string), the value expected ('' for none)
--   events:  log, head, channel, then type and JSON of each
--   command: number of words, words
-- Answers {1, head} or {0, number of the check that failed}.
local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

for check = 1, tonumber(take()) do
  local key, field, expected = take(), take(), take()
  local found
  if field == '' then
    found = redis.call('GET', key)
  else
    found = redis.call('HGET', key, field)
  end
  if (found or '') ~= expected then
    return { 0, check }
  end
end

local events, head, channel = tonumber(take()), 0, nil
local messages = {}
if events > 0 then
  local log, head_key = take(), take()
  channel = take()
  for event = 1, events do
    local type, json = take(), take()
    head = redis.call('INCR', head_key)
    redis.call('XADD', log, head .. '-0', 't', type, 'e', json)
    messages[event] = json
  end
end

for _ = 1, tonumber(take()) do
  local words = {}
  for word = 1, tonumber(take()) do
    words[word] = take()
  end
  if words[1] == 'DUE' then
    -- DUE set milliseconds member: a time by the clock that all share, Redis's own.
    redis.call('ZADD', words[2], now() + tonumber(words[3]), words[4])
  else
    redis.call(unpack(words))
  end
end

for _, json in ipairs(messages) do
  redis.call('PUBLISH', channel, json)
end
return { 1, head }
