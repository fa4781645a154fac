-- Ask once, and from then on say that the answer is known.
local etag

response = function(status, headers)
  if not etag and headers["Etag"] then
    etag = headers["Etag"]
    wrk.headers["If-None-Match"] = etag
  end
end

request = function()
  return wrk.format()
end
