-- Claims a character for a run of a server and opens its session, unless another live server has it.
--
-- KEYS: session, time last seen, set of sessions, owner of the character, set of characters taken from this run
-- ARGV: key templates of lease and of characters taken; id of the user; server and epoch of this run; seconds that
--       characters taken are remembered; time last seen; fields of the session
-- Answers '' when granted, else the server that has it.

local session_key, seen_key, sessions_key, owner_key, taken_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local lease_template, taken_template, user, server, epoch = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local held = call('HMGET', session_key, 'server', 'epoch')
local owner, owner_epoch = owner_of(owner_key)
if not held[1] and call('SISMEMBER', sessions_key, user) == 1 then
  held = { owner, owner_epoch }
end
if held[1] and not (held[1] == server and held[2] == epoch) and lives(lease_template, held[1], held[2]) then
  return held[1]
end

if owner and not (owner == server and owner_epoch == epoch) then
  local old_taken_key = fill(fill(taken_template, '{server}', owner), '{epoch}', owner_epoch)
  call('SADD', old_taken_key, user)
  call('EXPIRE', old_taken_key, ARGV[6])
end
call('SREM', taken_key, user)
call('SET', owner_key, server .. ':' .. epoch)
call('SADD', sessions_key, user)
call('DEL', session_key)
call('HSET', session_key, unpack(ARGV, 8))
call('SET', seen_key, ARGV[7])
return ''
