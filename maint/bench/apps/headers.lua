-- So many headers as the argument says (Host among them), one of them new in each request.
local fields = {}
init = function(arguments)
  for i = 3, tonumber(arguments[1]) do
    fields["X-Field-" .. i] = "the value of field number " .. i .. ", which is of the usual length"
  end
end
local count = 0
request = function()
  count = count + 1
  fields["X-Request-Id"] = "0123456789abcdef-" .. count
  return wrk.format("GET", nil, fields)
end
