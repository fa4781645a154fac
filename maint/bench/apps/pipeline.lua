-- Sixteen requests in one write.
init = function()
  local batch = {}
  for i = 1, 16 do batch[i] = wrk.format() end
  requests = table.concat(batch)
end
request = function() return requests end
