-- Begins every script: a call that names its key when Redis refuses it, and keys from templates.

local function call(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) == 'table' and reply.err then
    error({ err = reply.err .. ' (key ' .. key .. ')' })
  end
  return reply
end

local function fill(template, placeholder, text)
  return (string.gsub(template, placeholder, function() return text end))
end
