-- Ends sessions of a run; one that another run has stays as it is.
--
-- KEYS: set of sessions; then for each user: session, time last seen, owner of the character
-- ARGV: server and epoch of the run; then for each user: id, time last seen
-- Answers how many were ended.

local sessions_key, server, epoch = KEYS[1], ARGV[1], ARGV[2]
local ended = 0

-- True if another run has that session or, where it has expired, had the character last.
local function is_of_another(session_key, owner_key)
  -- A key of another type is no session of anybody's.
  local held = redis.pcall('HMGET', session_key, 'server', 'epoch')
  if not held[1] then
    held = { owner_of(owner_key) }
  end
  return held[1] and not (held[1] == server and held[2] == epoch)
end

for number = 1, (#KEYS - 1) / 3 do
  local session_key, seen_key, owner_key = unpack(KEYS, 3 * number - 1, 3 * number + 1)
  if not is_of_another(session_key, owner_key) then
    call('DEL', session_key)
    call('SET', seen_key, ARGV[2 * number + 2])
    call('SREM', sessions_key, ARGV[2 * number + 1])
    ended = ended + 1
  end
end
return ended
