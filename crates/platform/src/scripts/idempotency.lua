-- Claims an Idempotency-Key for a request.
-- KEYS: the key's record
-- ARGV: fingerprint of the request, token of the claim, milliseconds of the claim, of the record
-- Answers {'mine', subject of a claim before or ''}, {'differs'}, {'running'} or {'done', answer}.
local record = redis.call('HMGET', KEYS[1], 'fingerprint', 'answer', 'until', 'subject')
if record[1] and record[1] ~= ARGV[1] then
  return { 'differs' }
end
if record[2] then
  return { 'done', record[2] }
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if record[3] and tonumber(record[3]) > now then
  return { 'running' }
end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2], 'until', now + tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return { 'mine', record[4] or '' }
