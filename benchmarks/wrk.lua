-- SPDX-License-Identifier: GPL-3.0-or-later
-- Sends the prepared requests of a file, one after the other: all have the same size, so nothing is parsed here.
-- Arguments: file, size of a request. At the end one line of JSON.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  size = tonumber(args[2])
  file = assert(io.open(args[1], "rb"))
  file:setvbuf("full", 1048576)
  wraps = 0
end

function request()
  local found = file:read(size)
  if not found or #found < size then
    file:seek("set") -- more was sent than prepared: the requests repeat, which the result tells
    wraps = wraps + 1
    found = file:read(size)
  end
  return found
end

function done(summary, latency, requests)
  local wrapped = 0
  for _, thread in ipairs(threads) do
    wrapped = wrapped + thread:get("wraps")
  end
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %.6f, "bad": %d, "broken": %d, "wraps": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, wrapped,
    latency:percentile(50), latency:percentile(99)))
end
