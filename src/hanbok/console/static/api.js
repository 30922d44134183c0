// What the page asks of this server. The key travels in the Authorization header only.

const language = document.documentElement.lang;

/** An error that the server told: `message` and `hint` are in the page's language. */
export class Problem extends Error {
  constructor(response, told) {
    super(told.message ?? told.detail ?? `HTTP ${response.status}`);
    this.status = response.status;
    this.code = told.code ?? "";
    this.hint = told.hint ?? "";
    this.call = response.headers.get("x-hanbok-call") ?? "";
  }
}

async function ask(path, key, options = {}) {
  const response = await fetch(path, {
    ...options,
    headers: { authorization: `Bearer ${key}`, "accept-language": language, "content-type": "application/json" },
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer",
  });
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new Problem(response, told.error ?? told);
}

/** Returns the models that this key may ask. */
export async function models(key) {
  return (await (await ask("/v1/models", key)).json()).data;
}

/** Returns what would be done with this request body. */
export async function preview(key, body, signal) {
  return (await ask("/console/preview", key, { method: "POST", body, signal })).json();
}

/** Asks the model, on the same road as every other client. Returns the call's number and the answer's pieces. */
export async function chat(key, body, signal) {
  const response = await ask("/v1/chat/completions", key, { method: "POST", body, signal });
  return { call: response.headers.get("x-hanbok-call") ?? "", pieces: pieces(response) };
}

async function* pieces(response) {
  let whole = false;
  for await (const { event, data } of events(response.body)) {
    if (data === "[DONE]") {
      whole = true;
      continue;
    }
    const chunk = JSON.parse(data);
    if (event === "error" || chunk.error) throw new Problem(response, chunk.error ?? chunk);
    const piece = (chunk.choices ?? []).map((choice) => choice.delta?.content ?? "").join("");
    if (piece) yield piece;
  }
  if (!whole) throw new TypeError("the answer broke off");
}

/** Yields server-sent events (WHATWG HTML 9.2.6), as far as this server uses them. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const fields = { event: "message", data: "" };
      for (const line of rest.slice(0, end).split("\n")) {
        const [, name, text] = /^(event|data): ?(.*)$/.exec(line) ?? [];
        if (name) fields[name] = text;
      }
      rest = rest.slice(end + 2);
      if (fields.data) yield fields;
    }
  }
}

const PATIENCE = 5000;
const PAUSE = 120;

/** Returns the log's lines of a call, once its end is among them; after five seconds as far as there are. */
export async function record(key, call) {
  const until = performance.now() + PATIENCE;
  for (;;) {
    const proof = await (await ask(`/console/calls/${encodeURIComponent(call)}`, key)).json();
    const ended = proof.lines.some((line) => line.entry.entry !== "intent");
    if (ended || performance.now() > until) return proof;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
