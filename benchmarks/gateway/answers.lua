-- The stand-in model: answers at once, or streams as many chunks as the prompt's knob [[n=100 gap=5]] says.
local find, match, rep = string.find, string.match, string.rep
local HEAD = '{"id":"chatcmpl-bench","object":"chat.completion","created":1,"model":"bench","choices":[{"index":0,'
local WHOLE = HEAD .. '"message":{"role":"assistant","content":"' .. rep("다람쥐 헌 쳇바퀴에 타고파. ", 20) ..
    '"},"finish_reason":"stop"}],"usage":{"prompt_tokens":200,"completion_tokens":120,"total_tokens":320}}'
local CHUNK = 'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"bench",' ..
    '"choices":[{"index":0,"delta":'

local function send(delta, finish)
    ngx.print(CHUNK, delta, ',"finish_reason":', finish, '}]}\n\n')
    ngx.flush(true)
end

ngx.req.read_body()
local body = ngx.req.get_body_data() or ""
if not find(body, '"stream": ?true') then
    ngx.header["Content-Length"] = #WHOLE
    return ngx.print(WHOLE)
end
local n, gap = match(body, "%[%[n=(%d+) gap=(%d+)%]%]")
ngx.header["Content-Type"] = "text/event-stream"
send('{"role":"assistant","content":""}', "null")
for _ = 1, tonumber(n or 20) do
    send('{"content":"다람쥐 "}', "null")
    if gap and tonumber(gap) > 0 then ngx.sleep(tonumber(gap) / 1000) end
end
send('{}', '"stop"')
if find(body, "include_usage", 1, true) then
    ngx.print('data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1,"model":"bench","choices":[],',
        '"usage":{"prompt_tokens":200,"completion_tokens":', n or 20, ',"total_tokens":320}}\n\n')
end
ngx.print("data: [DONE]\n\n")
