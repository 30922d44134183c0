-- wrk: POST one body again and again; count what was not a whole 200.
wrk.method = "POST"
wrk.body = io.open(os.getenv("BENCH_BODY")):read("*a")
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. (os.getenv("BENCH_KEY") or "none")
for name, value in (os.getenv("BENCH_HEADERS") or ""):gmatch("([^=\n]+)=([^\n]*)\n") do wrk.headers[name] = value end
-- Where the body says @words@, each request has others of the words in the file BENCH_WORDS.
local before, after = wrk.body:match("^(.-)@words@(.*)$")
if before then
    local words = {}
    for word in io.lines(os.getenv("BENCH_WORDS")) do table.insert(words, word) end
    math.randomseed(os.time())
    function request()
        local drawn = {}
        for place = 1, 5 do drawn[place] = words[math.random(#words)] end
        return wrk.format(nil, nil, nil, before .. table.concat(drawn, " ") .. after)
    end
end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() bad = 0 end -- a global: `done` reads it from each thread
function response(status, _, body)
    if status ~= 200 or (body:sub(1, 5) == "data:" and body:sub(-8, -3) ~= "[DONE]") then bad = bad + 1 end
end
function done(summary, latency)
    local wrong = 0
    for _, thread in ipairs(threads) do wrong = wrong + thread:get("bad") end
    local e = summary.errors
    io.write(string.format('BENCH {"requests":%d,"microseconds":%d,"bad":%d,"p50":%d,"p99":%d}\n', summary.requests,
        summary.duration, wrong + e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end
