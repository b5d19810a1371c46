-- Reads an account with its character, all of one moment.
--
-- KEYS: string of the name, hash of the account
-- ARGV: key template of the description, which is a string; of the notices, which are a list; key templates of the
--       hashes of the character
-- Answers false when there is no such name, else number, account, description, notices and the hashes in their order.

local id = call('GET', KEYS[1])
if not id then
  return false
end
local found = { id, call('HGETALL', KEYS[2]), call('GET', fill(ARGV[1], '{id}', id)) }
found[4] = call('LRANGE', fill(ARGV[2], '{id}', id), 0, -1)
for number = 3, #ARGV do
  found[number + 2] = call('HGETALL', fill(ARGV[number], '{id}', id))
end
return found
