-- Shared by the scripts about claims. A character is held by the run that has its session. The session of an absent
-- character may expire while it still stands in the world; it is then held by the run that had it last, until that run
-- ends the session: the character stays in the set of sessions.

-- True if that run of a server is the one that lives.
local function lives(lease_template, server, epoch)
  local lease = call('GET', fill(lease_template, '{server}', server))
  return lease and lease == epoch
end

-- Server and epoch of the run that had a character last, if any had.
local function owner_of(owner_key)
  local owner = call('GET', owner_key)
  if owner then
    return string.match(owner, '^(.*):(%d+)$')
  end
end
