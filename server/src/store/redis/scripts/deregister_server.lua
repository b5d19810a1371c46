-- Ends a run of a server, unless a newer run of the same server has begun.
--
-- KEYS 3…: status, counters and connections of the server
-- ARGV 4…: id of the server, epoch

local server, epoch = ARGV[4], ARGV[5]

if call('GET', lease_of(server)) == epoch then
  call('DEL', lease_of(server), count_of(server), KEYS[3], KEYS[4], KEYS[5])
  call('SREM', workers_key, server)
end
sum_connections()
return 1
