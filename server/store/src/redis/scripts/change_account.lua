-- Sets fields of an account that exists.
--
-- KEYS: hash of names by number
-- ARGV: number of the account, key template of its hash, then fields and values
-- Answers 1, or 0 when there is no such account.

local name = call('HGET', KEYS[1], ARGV[1])
if not name then
  return 0
end
local data_key = fill(ARGV[2], '{name}', name)
if call('EXISTS', data_key) == 0 then
  return 0
end
if #ARGV > 2 then
  call('HSET', data_key, unpack(ARGV, 3))
end
return 1
