-- Ends sessions of a run; one that another run has stays as it is.
--
-- KEYS: set of sessions; then for each user: session, time last seen
-- ARGV: server and epoch of the run; then for each user: id, time last seen
-- Answers how many were ended.

local sessions_key, server, epoch = KEYS[1], ARGV[1], ARGV[2]
local ended = 0

for number = 1, (#KEYS - 1) / 2 do
  local session_key, seen_key = KEYS[2 * number], KEYS[2 * number + 1]
  local user, at = ARGV[2 * number + 1], ARGV[2 * number + 2]
  -- A key of another type is no session of anybody's.
  local held = redis.pcall('HMGET', session_key, 'server', 'epoch')
  if not held[1] or (held[1] == server and held[2] == epoch) then
    call('DEL', session_key)
    call('SET', seen_key, at)
    call('SREM', sessions_key, user)
    ended = ended + 1
  end
end
return ended
