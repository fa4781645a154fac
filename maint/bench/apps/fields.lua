-- Requests with the header that is given.
init = function(arguments)
  local name, value = arguments[1]:match("^([^:]+): (.*)$")
  wrk.headers[name] = value
end
