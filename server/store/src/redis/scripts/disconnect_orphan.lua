-- Marks the session of a run that is gone as disconnected; of a session that has expired, forgets the user, unless the
-- run that had the character last still lives.
--
-- KEYS: session, set of sessions, owner of the character
-- ARGV: id of the user, server and epoch of the run, time, seconds that the session is kept, key template of lease
-- Answers 1 when it was marked.

if call('EXISTS', KEYS[1]) == 0 then
  local owner, owner_epoch = owner_of(KEYS[3])
  if not (owner and lives(ARGV[6], owner, owner_epoch)) then
    call('SREM', KEYS[2], ARGV[1])
  end
  return 0
end
local found = call('HMGET', KEYS[1], 'server', 'epoch', 'websocket_connected')
if found[1] ~= ARGV[2] or found[2] ~= ARGV[3] or found[3] ~= 'true' then
  return 0
end
call('HSET', KEYS[1], 'websocket_connected', 'false', 'disconnect_time', ARGV[4])
call('EXPIRE', KEYS[1], ARGV[5])
return 1
