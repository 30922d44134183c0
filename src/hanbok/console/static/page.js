// The first page: what is written is previewed while it is written, and goes the real way when it is sent.

import { chat, models, preview, Problem, record } from "./api.js";
import {
  Answer,
  clear,
  kindsOf,
  promptPieces,
  say,
  showPreview,
  showProblem,
  showRecord,
  showRecording,
  showUnrecorded,
} from "./stations.js";
import { element, marked } from "./text.js";

const KEPT = "hanbok.key";
const MODEL = "hanbok.model";
const QUIET = 350;
const UNAUTHORIZED = 401;
const at = (id) => document.getElementById(id);
const [ask, prompt, mirror, model, send, stop, summary] = [
  "ask",
  "prompt",
  "mirror",
  "model",
  "send",
  "stop",
  "summary",
].map(at);

/** What the stations show: the request body that was previewed, and what the server said of it. */
let shown = { body: "", preview: null, prompt: "" };
let looking = new AbortController();
let sending = null;
let timer = 0;

// The key: from the fragment, which no browser sends to a server, to this tab's own storage, out of the address bar.

function takeKey() {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!given) return false;
  sessionStorage.setItem(KEPT, given.trim());
  history.replaceState(null, "", location.pathname + location.search);
  return true;
}

const key = () => sessionStorage.getItem(KEPT) ?? "";

function askForKey(problem = "") {
  at("key-form").hidden = false;
  at("key-line").hidden = true;
  at("key-problem").textContent = problem;
  model.disabled = true;
  model.replaceChildren(element("option", {}, "—"));
  refresh();
  if (problem || document.activeElement !== prompt) at("key").focus();
}

async function useKey() {
  if (!key()) {
    askForKey();
    summary.textContent = say("key_missing");
    return;
  }
  try {
    const offered = await models(key());
    const kept = sessionStorage.getItem(MODEL);
    model.replaceChildren(...offered.map(({ id }) => element("option", { value: id, selected: id === kept }, id)));
    model.disabled = false;
    at("key-form").hidden = true;
    at("key-line").hidden = false;
    at("key-name").textContent = say("hidden_key", { key: `hb-…${key().slice(-4)}` });
    at("key").value = "";
    summary.textContent = "";
    refresh();
    lookSoon(0);
  } catch (error) {
    askForKey(error instanceof Problem ? `${error.message}. ${error.hint}` : say("unreachable"));
  }
}

// The preview: a moment after the last keystroke.

function request() {
  return JSON.stringify({
    model: model.value,
    messages: [{ role: "user", content: prompt.value }],
    stream: true,
  });
}

function refresh() {
  send.disabled = !key() || model.disabled || !prompt.value.trim() || Boolean(sending);
  stop.hidden = !sending;
}

function reflect() {
  // What is marked must be what is written now: marks of an older text go at once.
  const current = shown.preview && shown.prompt === prompt.value;
  const pieces = current ? marked(promptPieces(shown.preview, prompt.value)) : [prompt.value];
  mirror.replaceChildren(...pieces, "\u200b");
}

function lookSoon(wait = QUIET) {
  clearTimeout(timer);
  looking.abort();
  refresh();
  reflect();
  if (!prompt.value.trim()) {
    shown = { body: "", preview: null, prompt: "" };
    summary.textContent = key() ? "" : say("key_missing");
    clear();
  } else if (!send.disabled) {
    timer = setTimeout(() => look().catch(() => {}), wait);
  }
}

/** Previews what is written. Throws when it cannot, after saying so. */
async function look() {
  clearTimeout(timer);
  looking.abort();
  looking = new AbortController();
  const [body, written] = [request(), prompt.value];
  if (shown.body === body && shown.preview) return;
  summary.textContent = say("checking");
  try {
    const told = await preview(key(), body, looking.signal);
    shown = { body, preview: told, prompt: written };
    showPreview(told, written);
    const count = told.findings.length;
    summary.textContent = count ? say("found_count", { count, kinds: kindsOf(told.findings) }) : say("nothing_found");
  } catch (error) {
    if (error.name === "AbortError") throw error;
    shown = { body: "", preview: null, prompt: "" };
    summary.textContent = "";
    showProblem(error);
    if (error.status === UNAUTHORIZED) askForKey(error.message);
    throw error;
  } finally {
    reflect();
  }
}

// The real way.

async function sendIt() {
  if (send.disabled) return;
  sending = new AbortController();
  prompt.readOnly = true;
  refresh();
  try {
    await look();
    await converse(sending.signal);
  } catch {
    // The preview failed, and its station says why: what cannot be previewed is not sent.
  } finally {
    sending = null;
    prompt.readOnly = false;
    refresh();
  }
}

function bringIntoView(id) {
  if (matchMedia("(min-width: 60rem)").matches) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  at(id).scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
}

async function converse(signal) {
  const { body, preview: told, prompt: written } = shown;
  clear("answer");
  bringIntoView(told.refused ? "decision" : "answer");
  const answer = new Answer(promptPieces(told, written), told.plan[0]?.form);
  let call = "";
  try {
    const reply = await chat(key(), body, signal);
    call = reply.call;
    for await (const piece of reply.pieces) answer.add(piece);
    answer.complete();
  } catch (error) {
    call ||= error.call ?? "";
    if (error.name === "AbortError") answer.stop();
    else answer.fail(error);
  }
  if (call) await remember(call, told.plan);
}

async function remember(call, plan) {
  showRecording();
  try {
    await showRecord(await record(key(), call), plan);
  } catch (error) {
    showUnrecorded(error);
  }
}

prompt.addEventListener("input", () => lookSoon());
model.addEventListener("change", () => {
  sessionStorage.setItem(MODEL, model.value);
  lookSoon(0);
});
ask.addEventListener("submit", (event) => {
  event.preventDefault();
  sendIt();
});
prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) ask.requestSubmit();
});
stop.addEventListener("click", () => sending?.abort());
at("key-change").addEventListener("click", () => askForKey());
at("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEPT, at("key").value.trim());
  useKey();
});
for (const example of document.querySelectorAll(".example")) {
  example.addEventListener("click", () => {
    prompt.value = example.dataset.text;
    prompt.focus();
    lookSoon(0);
  });
}
addEventListener("hashchange", () => {
  if (takeKey()) useKey();
});

takeKey();
reflect();
useKey();
