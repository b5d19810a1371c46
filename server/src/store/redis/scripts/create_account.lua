-- Writes a new account with its character, all or nothing. What can fail comes before what must not be left half.
--
-- KEYS: string of the name, hash of the account, counter of accounts, hash of names by number
-- ARGV: the name in lower case; its number, or '' to draw one; number of fields of the account, the fields;
--       then for each part of the character: key template, number of fields, the fields (one field alone: a string)
-- Answers the number, or 0 when name or number are taken.

local name_key, data_key, counter_key, names_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local name, id = ARGV[1], ARGV[2]

if call('EXISTS', name_key) == 1 then
  return 0
end
if id == '' then
  id = tostring(call('INCR', counter_key))
else
  if call('HEXISTS', names_key, id) == 1 then
    return 0
  end
  if tonumber(call('GET', counter_key) or 0) < tonumber(id) then
    call('SET', counter_key, id)
  end
end
call('HSET', names_key, id, name)
call('SET', name_key, id, 'NX')

local next_argument = 3
local function fields()
  local count = tonumber(ARGV[next_argument])
  local first = next_argument + 1
  next_argument = first + count
  return count, first
end

local count, first = fields()
call('DEL', data_key)
call('HSET', data_key, 'user_id', id, unpack(ARGV, first, first + count - 1))
while ARGV[next_argument] do
  local key = fill(ARGV[next_argument], '{id}', id)
  next_argument = next_argument + 1
  count, first = fields()
  call('DEL', key)
  if count == 1 then
    call('SET', key, ARGV[first])
  elseif count > 1 then
    call('HSET', key, unpack(ARGV, first, first + count - 1))
  end
end
return tonumber(id)
