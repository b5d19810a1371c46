-- Ends a run of a server, unless a newer run of the same server has begun.
--
-- KEYS 3…: what the server told of itself
-- ARGV 4…: id of the server, epoch

local server, epoch = ARGV[4], ARGV[5]

if call('GET', lease_of(server)) == epoch then
  call('DEL', lease_of(server), count_of(server), unpack(KEYS, 3))
  call('SREM', workers_key, server)
end
sum_connections()
return 1
