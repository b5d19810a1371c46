-- Claims a character for a run of a server and opens its session, unless another live server has it.
--
-- KEYS: session, time last seen, set of sessions, owner of the character, set of characters taken from this run
-- ARGV: key templates of lease and of characters taken; id of the user; server and epoch of this run; seconds that
--       characters taken are remembered; time last seen; fields of the session
-- Answers '' when granted, else the server that has it.

local session_key, seen_key, sessions_key, owner_key, taken_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local lease_template, taken_template, user, server, epoch = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local held = call('HMGET', session_key, 'server', 'epoch')
if held[1] and not (held[1] == server and held[2] == epoch) then
  if call('GET', fill(lease_template, '{server}', held[1])) == held[2] then
    return held[1]
  end
end

local owner = call('GET', owner_key)
if owner and owner ~= server .. ':' .. epoch then
  local old_server, old_epoch = string.match(owner, '^(.*):(%d+)$')
  if old_server then
    local old_taken_key = fill(fill(taken_template, '{server}', old_server), '{epoch}', old_epoch)
    call('SADD', old_taken_key, user)
    call('EXPIRE', old_taken_key, ARGV[6])
  end
end
call('SREM', taken_key, user)
call('SET', owner_key, server .. ':' .. epoch)
call('SADD', sessions_key, user)
call('DEL', session_key)
call('HSET', session_key, unpack(ARGV, 8))
call('SET', seen_key, ARGV[7])
return ''
