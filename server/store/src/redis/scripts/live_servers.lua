-- Shared by the scripts about servers. A server lives while its lease is there.
--
-- KEYS, the first of each: set of servers, count of all connections
-- ARGV, the first of each: key templates of lease and of count of connections; the lease in milliseconds

local workers_key, total_key = KEYS[1], KEYS[2]
local lease_template, count_template, lease_milliseconds = ARGV[1], ARGV[2], ARGV[3]

local function lease_of(server)
  return fill(lease_template, '{server}', server)
end

local function count_of(server)
  return fill(count_template, '{server}', server)
end

-- Takes out the servers that are gone, and writes the sum of the others' connections.
local function sum_connections()
  local total = 0
  for _, server in ipairs(call('SMEMBERS', workers_key)) do
    if call('EXISTS', lease_of(server)) == 1 then
      total = total + (tonumber(call('GET', count_of(server)) or 0) or 0)
    else
      call('SREM', workers_key, server)
    end
  end
  call('SET', total_key, string.format('%.0f', total), 'PX', lease_milliseconds)
  return total
end

-- Keeps a server alive for one lease.
local function renew(server, epoch, connections)
  call('SADD', workers_key, server)
  call('SET', lease_of(server), epoch, 'PX', lease_milliseconds)
  call('SET', count_of(server), connections, 'PX', lease_milliseconds)
end

-- The schema in a note, which is `schema:version` or not there.
local function schema_of(note, unnoted)
  return tonumber(string.match(note or '', '^%d+')) or tonumber(unnoted)
end
