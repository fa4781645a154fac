-- Requests of a visitor whose first response has set a cookie.
local made

request = function()
  made = made or wrk.format()
  return made
end

response = function(status, headers)
  local cookie = headers["Set-Cookie"] or headers["set-cookie"]
  if cookie and not wrk.headers["Cookie"] then
    wrk.headers["Cookie"] = cookie:match("^[^;]+")
    made = nil
  end
end
