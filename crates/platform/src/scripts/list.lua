-- A page of a collection, in one order.
-- KEYS: the sorted set: of ids (scored) or of one field's values (by their bytes, the id at the end).
-- ARGV: 'ids' or 'field', lowest, highest, offset, count, '1' for descending, prefix of the items' keys
-- Answers {total, id, version, state, id, …}.
local by, lowest, highest = ARGV[1], ARGV[2], ARGV[3]
local offset, count, descending = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
local total, members
if by == 'ids' then
  total = redis.call('ZCARD', KEYS[1])
  local range = { 'ZRANGE', KEYS[1], offset, offset + count - 1 }
  if descending then
    range[5] = 'REV'
  end
  members = count > 0 and redis.call(unpack(range)) or {}
elseif descending then
  total = redis.call('ZLEXCOUNT', KEYS[1], lowest, highest)
  members = redis.call('ZRANGE', KEYS[1], highest, lowest, 'BYLEX', 'REV', 'LIMIT', offset, count)
else
  total = redis.call('ZLEXCOUNT', KEYS[1], lowest, highest)
  members = redis.call('ZRANGE', KEYS[1], lowest, highest, 'BYLEX', 'LIMIT', offset, count)
end
local page = { total }
for _, member in ipairs(members) do
  local id = member
  if by == 'field' then
    id = string.gsub(string.sub(member, -20), '^0+', '')
  end
  local item = redis.call('HMGET', ARGV[7] .. id, 'v', 'd')
  page[#page + 1] = id
  page[#page + 1] = item[1]
  page[#page + 1] = item[2]
end
return page
