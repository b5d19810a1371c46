-- Changes a setting that is still as it was.
--
-- KEYS: the setting
-- ARGV: 1 if it was set, else 0; what it was; 1 if it shall be set, else 0; what it shall be
-- Answers 1, or 0 when it has changed meanwhile.

local expected = ARGV[1] == '1' and ARGV[2]
if call('GET', KEYS[1]) ~= expected then
  return 0
end
if ARGV[3] == '1' then
  call('SET', KEYS[1], ARGV[4])
else
  call('DEL', KEYS[1])
end
return 1
