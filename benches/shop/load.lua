-- The requests of wrk, for one thread. Each buyer buys once, in the order of their ids.
--
-- BENCH_KIND      checkout, order, mixed or sell-out
-- BENCH_TOKENS    file of access tokens, a line for each buyer
-- BENCH_FIRST     id of the first buyer; each buyer has an address of the same id
-- BENCH_BUYERS    the number of buyers
-- BENCH_LABEL     makes the keys of this run different from others
-- BENCH_PRODUCTS  the highest product id; the first is 1

local kind = os.getenv("BENCH_KIND")
local first = tonumber(os.getenv("BENCH_FIRST"))
local buyers = tonumber(os.getenv("BENCH_BUYERS"))
local label = os.getenv("BENCH_LABEL")
local products = tonumber(os.getenv("BENCH_PRODUCTS"))

local nothing = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
local tokens = {}
local checked = false

-- Global, so that done() can read them from the thread.
sent = 0
exhausted = 0
statuses = {}
answered = 0

function init()
  for token in io.lines(os.getenv("BENCH_TOKENS")) do
    tokens[#tokens + 1] = token
    if #tokens == buyers then break end
  end
  math.randomseed(first + #label)
end

local function post(path, body)
  return "POST " .. path .. " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " .. tokens[sent]
    .. "\r\nContent-Type: application/json\r\nIdempotency-Key: " .. label .. "-" .. sent
    .. "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

local function checkout()
  return post("/api/v1/checkout", '{"shipping_address_id":' .. (first + sent - 1) .. '}')
end

local function order()
  local base = math.random(0, products - 1)
  local items = {}
  for line = 0, 2 do
    items[line + 1] = '{"product_id":' .. (1 + (base + line * 3331) % products) .. ',"quantity":1}'
  end
  return post("/api/v1/orders",
    '{"items":[' .. table.concat(items, ",") .. '],"shipping_address_id":' .. (first + sent - 1) .. '}')
end

local function read()
  local path = "/api/v1/inventory/products/" .. math.random(1, products)
  if math.random() < 0.5 then path = path .. "/availability/1" end
  return "GET " .. path .. " HTTP/1.1\r\nHost: localhost\r\n\r\n"
end

function request()
  -- wrk calls this function once before the start, to check the request.
  if not checked then
    checked = true
    return nothing
  end
  if kind == "mixed" and math.random() < 0.7 then return read() end
  if sent == buyers then
    exhausted = 1
    return nothing
  end
  sent = sent + 1
  if kind == "order" then return order() end
  return checkout()
end

-- Defined for the sell-out only, because wrk is slower with this function.
if kind == "sell-out" then
  function response(status)
    if status == 200 then return end
    local name = tostring(status)
    statuses[name] = (statuses[name] or 0) + 1
    answered = answered + 1
    if answered == buyers then
      -- wrk would run until the end of its time. The benchmark reads this line and ends it.
      io.write("ANSWERED\n")
      io.flush()
    end
  end
end

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary, latency)
  local values = {}
  for place = 1, #latency do
    local value, count = latency(place)
    values[#values + 1] = "[" .. value .. "," .. count .. "]"
  end
  local answers = {}
  for status, count in pairs(threads[1]:get("statuses")) do
    answers[#answers + 1] = '"' .. status .. '":' .. count
  end
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"exhausted":%s,"statuses":{%s},"latencies":[%s]}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    tostring(threads[1]:get("exhausted") == 1), table.concat(answers, ","), table.concat(values, ",")))
end
