-- Begins a run of a server.
--
-- KEYS 3…: last epoch, name of the store
-- ARGV 4…: id of the server, a name for a store that has none
-- Answers the epoch and the name of the store.

local epoch_key, store_id_key = KEYS[3], KEYS[4]
local server, fresh_store_id = ARGV[4], ARGV[5]

local epoch = call('INCR', epoch_key)
call('SET', store_id_key, fresh_store_id, 'NX')
renew(server, epoch, 0)
sum_connections()
return { epoch, call('GET', store_id_key) }
