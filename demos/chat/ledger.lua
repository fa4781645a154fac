-- The ledger on a Redis or Valkey server. Each call is one step for everybody: what it decides, what it
-- writes and what it publishes happens before anything else does, so versions arrive in their order.
--
--   KEYS[1]   what all keys and channels begin with
--   ARGV      the name of one of the functions at the end, and its arguments
--
--   session:WHO            hash: carrier, and of a member room, same (its name for comparing), public
--   leases                 sorted set: who has to be heard of again until when (milliseconds since 1970)
--   rooms                  sorted set: how many people each room has
--   room:NAME              hash: epoch, seq, version
--   room:NAME:members      sorted set: who, in the order in which they came
--   room:NAME:names        hash: names for comparing, and who has them
--   room:NAME:messages     list of JSON, the oldest first
--   room:NAME:ids          sorted set: ids of messages, by the message's number
--
-- and channels:  room:NAME  VERSION EVENT     at:PROCESS  what that process is to know

local prefix = KEYS[1]

-- When no process is left to forget things, they end by themselves.
local DAY = 86400000

local PARTS = {'', ':members', ':names', ':messages', ':ids'}

local function named(...)
  return prefix .. table.concat({...}, ':')
end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function whole(number)
  return string.format('%.0f', number)
end

local function keep(room, milliseconds)
  for _, part in ipairs(PARTS) do
    redis.call('PEXPIRE', named('room', room) .. part, milliseconds)
  end
end

local function tell(room, event)
  local version = redis.call('HINCRBY', named('room', room), 'version', 1)
  redis.call('PUBLISH', named('room', room), version .. ' ' .. event)
  return version
end

local function about(kind, public)
  return '{"type":"' .. kind .. '","member":' .. public .. '}'
end

-- A carrier is PROCESS.NUMBER, another one for each hello.
local function process_of(carrier)
  return string.match(carrier, '^[^.]+')
end

-- Nothing if this carrier has the session; otherwise what became of it.
local function lost(who, carrier)
  local at = redis.call('HGET', named('session', who), 'carrier')
  if at == carrier then return nil end
  return at and process_of(at) ~= process_of(carrier) and 'replaced' or 'behind'
end

local function lease(who, milliseconds)
  redis.call('ZADD', named('leases'), whole(now() + milliseconds), who)
  redis.call('PEXPIRE', named('leases'), DAY)
  redis.call('PEXPIRE', named('session', who), DAY)
end

local function count(room, empty_for)
  local people = redis.call('ZCARD', named('room', room, 'members'))
  redis.call('ZADD', named('rooms'), people, room)
  redis.call('PEXPIRE', named('rooms'), DAY)
  keep(room, people == 0 and empty_for or DAY)
end

local function go_out(who, empty_for)
  local room, same, public = unpack(redis.call('HMGET', named('session', who), 'room', 'same', 'public'))
  if not room then return end
  redis.call('ZREM', named('room', room, 'members'), who)
  redis.call('HDEL', named('room', room, 'names'), same)
  redis.call('HDEL', named('session', who), 'room', 'same', 'public')
  tell(room, about('left', public))
  count(room, empty_for)
end

local function exists(room)
  return redis.call('HEXISTS', named('room', room), 'epoch') == 1
end

local function forget_rooms()
  for _, room in ipairs(redis.call('ZRANGEBYSCORE', named('rooms'), 0, 0)) do
    if not exists(room) then
      redis.call('ZREM', named('rooms'), room)
    end
  end
end

-- The room exists, or does from now on; false if there are too many.
local function open(room, epoch, most)
  if exists(room) then return true end
  forget_rooms()
  if redis.call('ZCARD', named('rooms')) >= tonumber(most) then
    local longest, left
    for _, empty in ipairs(redis.call('ZRANGEBYSCORE', named('rooms'), 0, 0)) do
      local lives = redis.call('PTTL', named('room', empty))
      if not left or lives < left then longest, left = empty, lives end
    end
    if not longest then return false end
    redis.call('ZREM', named('rooms'), longest)
    for _, part in ipairs(PARTS) do redis.call('DEL', named('room', longest) .. part) end
  end
  redis.call('HSET', named('room', room), 'epoch', epoch, 'seq', 0, 'version', 0)
  return true
end

-- The names that others have, if one of them is this one.
local function taken(room, who, same)
  local holder = redis.call('HGET', named('room', room, 'names'), same)
  if not holder or holder == who then return nil end
  local names, pairs_ = {'taken'}, redis.call('HGETALL', named('room', room, 'names'))
  for at = 1, #pairs_, 2 do
    if pairs_[at + 1] ~= who then table.insert(names, pairs_[at]) end
  end
  return names
end

local function call_it(room, who, same, public)
  local before, was = unpack(redis.call('HMGET', named('session', who), 'same', 'public'))
  if was == public then return end
  if before then redis.call('HDEL', named('room', room, 'names'), before) end
  redis.call('HSET', named('room', room, 'names'), same, who)
  redis.call('HSET', named('session', who), 'same', same, 'public', public)
end

local function view(room)
  local members = {}
  for _, who in ipairs(redis.call('ZRANGE', named('room', room, 'members'), 0, -1)) do
    local public = redis.call('HGET', named('session', who), 'public')
    if public then table.insert(members, public) end
  end
  local epoch, seq, version = unpack(redis.call('HMGET', named('room', room), 'epoch', 'seq', 'version'))
  return {
    'in', epoch, tonumber(seq), tonumber(version), members,
    redis.call('LRANGE', named('room', room, 'messages'), 0, -1),
    redis.call('ZRANGE', named('rooms'), 0, -1, 'WITHSCORES'),
  }
end

local act = {}

-- This carrier has the session from now on. Another process that had it is told.
function act.claim(who, carrier, milliseconds)
  local former = redis.call('HGET', named('session', who), 'carrier')
  redis.call('HSET', named('session', who), 'carrier', carrier)
  lease(who, milliseconds)
  if former and process_of(former) ~= process_of(carrier) then
    local gone = '{"gone":"' .. who .. '","carrier":"' .. former .. '"}'
    redis.call('PUBLISH', named('at', process_of(former)), gone)
  end
end

function act.enter(who, carrier, room, same, public, epoch, members, rooms, empty_for)
  local fate = lost(who, carrier)
  if fate then return {'lost', fate} end
  local former = redis.call('HGET', named('session', who), 'room')
  local names = taken(room, who, same)
  if names then return names end
  if former == room then
    if redis.call('HGET', named('session', who), 'public') ~= public then
      call_it(room, who, same, public)
      tell(room, about('renamed', public))
    end
    return view(room)
  end
  if not open(room, epoch, rooms) then return {'too-many-rooms'} end
  if redis.call('ZCARD', named('room', room, 'members')) >= tonumber(members) then return {'room-full'} end
  go_out(who, empty_for)
  call_it(room, who, same, public)
  redis.call('HSET', named('session', who), 'room', room)
  local version = tell(room, about('joined', public))
  redis.call('ZADD', named('room', room, 'members'), version, who)
  count(room, empty_for)
  return view(room)
end

function act.rename(who, carrier, room, same, public)
  local fate = lost(who, carrier)
  if fate then return {'lost', fate} end
  if redis.call('HGET', named('session', who), 'room') ~= room then return {'lost', 'behind'} end
  local names = taken(room, who, same)
  if names then return names end
  if redis.call('HGET', named('session', who), 'public') ~= public then
    call_it(room, who, same, public)
    tell(room, about('renamed', public))
  end
  return {'renamed'}
end

-- `rest` is the message as JSON without its first brace: its number comes first.
function act.say(who, carrier, room, id, rest, history, remembered)
  local fate = lost(who, carrier)
  if fate then return {'lost', fate} end
  if redis.call('HGET', named('session', who), 'room') ~= room then return {'lost', 'behind'} end
  if redis.call('ZSCORE', named('room', room, 'ids'), id) then return {'known'} end
  local seq = redis.call('HINCRBY', named('room', room), 'seq', 1)
  redis.call('ZADD', named('room', room, 'ids'), seq, id)
  redis.call('ZREMRANGEBYRANK', named('room', room, 'ids'), 0, -1 - remembered)
  local message = '"seq":' .. seq .. ',' .. rest
  redis.call('RPUSH', named('room', room, 'messages'), '{' .. message)
  redis.call('LTRIM', named('room', room, 'messages'), -history, -1)
  tell(room, '{"type":"message",' .. message)
  keep(room, DAY)
  return {'said'}
end

function act.leave(who, carrier, empty_for)
  if lost(who, carrier) then return end
  go_out(who, empty_for)
  redis.call('DEL', named('session', who))
  redis.call('ZREM', named('leases'), who)
end

-- Pairs of who and carrier. The answer has what became of those that are not theirs any more, and the
-- versions of the rooms of the others.
function act.renew(milliseconds, ...)
  local fates, versions, seen = {}, {}, {}
  local given = {...}
  for at = 1, #given, 2 do
    local who = given[at]
    local fate = lost(who, given[at + 1])
    local room = not fate and redis.call('HGET', named('session', who), 'room')
    if fate then
      table.insert(fates, who)
      table.insert(fates, fate)
    else
      lease(who, milliseconds)
    end
    if room and not seen[room] then
      seen[room] = true
      keep(room, DAY)
      table.insert(versions, room)
      table.insert(versions, tonumber(redis.call('HGET', named('room', room), 'version')))
    end
  end
  return {fates, versions}
end

-- Who has not been heard of for too long has left. The answer is the list of rooms.
function act.sweep(empty_for)
  for _, who in ipairs(redis.call('ZRANGEBYSCORE', named('leases'), '-inf', whole(now()), 'LIMIT', 0, 100)) do
    go_out(who, empty_for)
    redis.call('DEL', named('session', who))
    redis.call('ZREM', named('leases'), who)
  end
  forget_rooms()
  return redis.call('ZRANGE', named('rooms'), 0, -1, 'WITHSCORES')
end

-- Send this to the process that carries the session. The answer names it, if it listens.
function act.ask(who, question)
  local carrier = redis.call('HGET', named('session', who), 'carrier')
  if not carrier then return nil end
  local process = process_of(carrier)
  return redis.call('PUBLISH', named('at', process), question) > 0 and process or nil
end

return act[ARGV[1]](unpack(ARGV, 2))
