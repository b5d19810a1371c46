-- Sets one field of an account that exists.
--
-- KEYS: hash of names by number
-- ARGV: number of the account, key template of its hash, field, value
-- Answers 1, or 0 when there is no such account.

local name = call('HGET', KEYS[1], ARGV[1])
if not name then
  return 0
end
local data_key = fill(ARGV[2], '{name}', name)
if call('EXISTS', data_key) == 0 then
  return 0
end
call('HSET', data_key, ARGV[3], ARGV[4])
return 1
