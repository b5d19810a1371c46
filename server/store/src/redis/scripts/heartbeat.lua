-- Renews the lease of a run, unless a newer run of the same server has it.
--
-- KEYS 3…: last epoch, name of the store, uptime, start, set of characters taken from the run, counter of accounts,
--         schema of the data
-- ARGV 4…: id of the server, a name for a store that has none, epoch, connections, uptime, start,
--          the schema of this server with its version, the schema of a store that notes none
-- Answers false when replaced; 'newer' and the schema noted when the data have a later one; else the sum of
-- connections, the name of the store, the characters taken and what the counter holds.

local epoch_key, store_id_key, uptime_key, start_key, taken_key = KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local server, fresh_store_id, epoch = ARGV[4], ARGV[5], ARGV[6]
local connections, uptime, start = ARGV[7], ARGV[8], ARGV[9]

local holder = tonumber(call('GET', lease_of(server)) or 0)
if holder and holder > tonumber(epoch) then
  return false
end
local noted = call('GET', KEYS[9])
if schema_of(noted, ARGV[11]) > schema_of(ARGV[10]) then
  return { 'newer', noted }
end
-- An emptied store is filled with what this server holds.
if not noted or schema_of(noted, ARGV[11]) < schema_of(ARGV[10]) then
  call('SET', KEYS[9], ARGV[10])
end
-- After the store was emptied the next run must still have a larger epoch.
if (tonumber(call('GET', epoch_key) or 0) or 0) < tonumber(epoch) then
  call('SET', epoch_key, epoch)
end
call('SET', store_id_key, fresh_store_id, 'NX')
renew(server, epoch, connections)
call('SET', uptime_key, uptime, 'PX', lease_milliseconds)
call('SET', start_key, start)
-- A counter that somebody has spoilt is for those to tell who need it.
local last_account = redis.pcall('GET', KEYS[8])
return {
  sum_connections(),
  call('GET', store_id_key),
  call('SMEMBERS', taken_key),
  type(last_account) == 'string' and last_account or '',
}
