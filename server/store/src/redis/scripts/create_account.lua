-- Writes a new account with its character, all or nothing. Steps that can fail come before those that must not be left half.
--
-- KEYS: string of the name, hash of the account, counter of accounts, hash of names by number
-- ARGV: the name in lower case; its number, or '' to draw one, then larger than the number that follows; key template
--       and text of the description; key template and number of the notices, and each notice; the fields of the account
--       and their end; then for each hash of the character: key template, fields, their end. The end is ''.
-- Answers the number, or 0 when name or number are taken.

local name_key, data_key, counter_key, names_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local name, id, above = ARGV[1], ARGV[2], ARGV[3]

if call('EXISTS', name_key) == 1 then
  return 0
end
-- No number when somebody wrote something else there; INCR then refuses it by its name.
local last = tonumber(call('GET', counter_key) or 0)
if id == '' then
  if last and last < tonumber(above) then
    call('SET', counter_key, above)
  end
  id = tostring(call('INCR', counter_key))
else
  if call('HEXISTS', names_key, id) == 1 then
    return 0
  end
  if last and last < tonumber(id) then
    call('SET', counter_key, id)
  end
end
call('HSET', names_key, id, name)
call('SET', name_key, id, 'NX')

call('SET', fill(ARGV[4], '{id}', id), ARGV[5])

local notices_key, notices = fill(ARGV[6], '{id}', id), tonumber(ARGV[7])
call('DEL', notices_key)
if notices > 0 then
  call('RPUSH', notices_key, unpack(ARGV, 8, 7 + notices))
end

-- Fields and values from argument `first` to their end, and where that is.
local function fields(first)
  local last = first
  while ARGV[last] ~= '' do
    last = last + 2
  end
  return last, unpack(ARGV, first, last - 1)
end

local function write(key, last, ...)
  call('DEL', key)
  if select('#', ...) > 0 then
    call('HSET', key, ...)
  end
  return last
end

local last = write(data_key, fields(8 + notices))
call('HSET', data_key, 'user_id', id)
while ARGV[last + 1] do
  last = write(fill(ARGV[last + 1], '{id}', id), fields(last + 2))
end
return tonumber(id)
