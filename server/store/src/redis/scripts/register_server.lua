-- Begins a run of a server, unless the store has data of a later schema, or another server writes data of an earlier one.
--
-- KEYS 3…: last epoch, name of the store, schema of the data
-- ARGV 4…: id of the server, a name for a store that has none, the schema of this server with its version, the schema
--          of a store that notes none
-- Answers the epoch and the name of the store; or 'newer' and the schema noted; or 'older', the other server and the
-- schema noted.

local epoch_key, store_id_key, schema_key = KEYS[3], KEYS[4], KEYS[5]
local server, fresh_store_id, note, unnoted = ARGV[4], ARGV[5], ARGV[6], ARGV[7]

local noted = call('GET', schema_key) or unnoted
local found, ours = schema_of(noted, unnoted), schema_of(note)
if found > ours then
  return { 'newer', noted }
end
if found < ours then
  for _, other in ipairs(call('SMEMBERS', workers_key)) do
    if other ~= server and call('EXISTS', lease_of(other)) == 1 then
      return { 'older', other, noted }
    end
  end
end
if found < ours or noted == unnoted then
  call('SET', schema_key, note)
end
local epoch = call('INCR', epoch_key)
call('SET', store_id_key, fresh_store_id, 'NX')
renew(server, epoch, 0)
sum_connections()
return { epoch, call('GET', store_id_key) }
