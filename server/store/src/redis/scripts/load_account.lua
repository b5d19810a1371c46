-- Reads an account with its character, all of one moment.
--
-- KEYS: string of the name, hash of the account
-- ARGV: key template of the description, which is a string; key templates of the hashes of the character
-- Answers false when there is no such name, else number, account, description and the hashes in their order.

local id = call('GET', KEYS[1])
if not id then
  return false
end
local found = { id, call('HGETALL', KEYS[2]), call('GET', fill(ARGV[1], '{id}', id)) }
for number = 2, #ARGV do
  found[number + 2] = call('HGETALL', fill(ARGV[number], '{id}', id))
end
return found
