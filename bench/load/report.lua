-- Runs inside wrk. Arguments: method, bytes of body, depth of pipelining. Prints what was measured
-- as one line of JSON. Unpipelined, nothing here runs per request: wrk builds the request once.

function init(args)
  wrk.method = args[1] or "GET"
  local size = tonumber(args[2] or "0")
  if size > 0 then wrk.body = string.rep("x", size) end
  local depth = tonumber(args[3] or "1")
  if depth > 1 then
    local requests = string.rep(wrk.format(), depth)
    request = function() return requests end
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,' ..
    '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
