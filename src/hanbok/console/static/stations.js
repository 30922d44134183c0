// The six stations of the way. Each function shows one thing that the server said.

import { align, cut, element, fill, marked, spot } from "./text.js";
import { able, fits } from "./proof.js";

const words = JSON.parse(document.getElementById("words").textContent);
const language = document.documentElement.lang;
const countries = new Intl.DisplayNames([language], { type: "region" });
const percent = new Intl.NumberFormat(language, { style: "percent" });
const number = new Intl.NumberFormat(language);
const won = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const NAMES = ["found", "grade", "decision", "leaves", "answer", "record"];

export const say = (name, values = {}) => fill(words[name], values);
const text = (both) => both[language];
const korean = (cited) => (cited ? element("span", { lang: "ko" }, cited) : "");

/** Puts content into a station and sets its state: idle, busy, done, bad or shut (an earlier one closed the way). */
function set(name, state, ...content) {
  const station = document.getElementById(name);
  station.dataset.state = state;
  station.querySelector(".content").replaceChildren(...content.filter(Boolean));
}

/** Empties the stations from this one on. */
export function clear(from = "found") {
  for (const name of NAMES.slice(NAMES.indexOf(from))) set(name, "idle");
}

/** Shows all of a preview. Returns what the answer needs: the values found, by which it marks what was put back. */
export function showPreview(preview, prompt) {
  showFound(preview);
  showGrade(preview);
  showDecision(preview);
  const pieces = promptPieces(preview, prompt);
  showLeaves(preview, pieces);
  clear("answer");
}

/** Cuts the prompt at its findings; without cuts when the guard read it differently, as JSON inside a text. */
export function promptPieces(preview, prompt) {
  const index = preview.texts.indexOf(prompt);
  return cut(
    prompt,
    preview.findings.filter((finding) => finding.text === index),
  );
}

/** Returns the names of the kinds that were found, each once. */
export function kindsOf(findings) {
  return [...new Set(findings.map((finding) => text(finding.label)))].join(", ");
}

function showFound({ findings, texts, unread }) {
  const warning = unread.length ? element("p", { class: "bad" }, say("unread", { media: unread.join(", ") })) : null;
  if (!findings.length) {
    set("found", "done", element("p", {}, say("nothing_found")), warning);
    return;
  }
  const heads = ["value", "kind", "why"];
  const head = element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, say(`column_${name}`))));
  const rows = findings.map((finding) => {
    const value = Array.from(texts[finding.text]).slice(finding.start, finding.end).join("");
    return element(
      "tr",
      {},
      element("td", { class: "value" }, ...marked([[value, finding]])),
      element("td", {}, element("b", {}, text(finding.label)), " ", small(percent.format(finding.score))),
      element("td", {}, korean(finding.article), " ", small(finding.why.map(reason).join(", "))),
    );
  });
  const table = element("table", { class: "findings" }, element("thead", {}, head), element("tbody", {}, ...rows));
  set("found", "done", table, warning);
}

const small = (words) => element("small", {}, words);

function reason(why) {
  const [name, word] = why.split(/:(.*)/s);
  if (name === "context" && word) return say("why_context", { word });
  return words[name === "context" ? "why_context_alone" : `why_${name.replaceAll(" ", "_")}`] ?? why;
}

function showGrade({ grade, reasons, findings }) {
  const steps = ["C", "S", "O"].map((letter) =>
    element(
      "li",
      { "aria-current": letter === grade && "true" },
      element("b", {}, letter),
      element("span", {}, say(`grade_${letter}`)),
    ),
  );
  const because = kindsOf(findings.filter((finding) => reasons.includes(finding.kind)));
  set(
    "grade",
    "done",
    element("ul", { class: "scale" }, ...steps),
    element("p", {}, because ? say("grade_because", { kinds: because }) : say("grade_open")),
    element("p", { class: "note" }, say("grade_source")),
  );
}

function showDecision({ refused, refusal, plan }) {
  if (refused) {
    set(
      "decision",
      "bad",
      element("p", { class: "verdict bad" }, say("send_nowhere")),
      element("div", { class: "refused" }, refusal.policies.length ? laws(refusal.policies) : text(refusal.message)),
      element("p", { class: "note" }, text(refusal.hint)),
    );
    return;
  }
  const [first, ...others] = plan;
  const against = first.policies.filter((policy) => policy.effect === "forbid");
  set(
    "decision",
    "done",
    element("p", { class: "verdict" }, say(`send_${first.form}`)),
    destination(first),
    refusal && element("div", { class: "refused" }, element("p", {}, say("why_elsewhere")), laws(refusal.policies)),
    against.length && element("div", {}, element("p", {}, say("why_altered")), laws(against)),
    !against.length && !refusal && element("p", { class: "note" }, say("no_ground")),
    others.length && element("p", { class: "note" }, say("if_fails")),
    others.length && element("ol", { class: "next" }, ...others.map(nextPlace)),
  );
}

function destination({ endpoint, model, operator, country, zone }) {
  const rows = [
    [say("to"), element("b", {}, endpoint), model],
    [say("operator"), operator === "self" ? say("self") : operator, ""],
    [say("place"), countries.of(country), say(`zone_${zone}`)],
  ];
  const cells = rows.flatMap(([name, value, more]) => [
    element("dt", {}, name),
    element("dd", {}, value, more && " · ", more),
  ]);
  return element("dl", { class: "facts" }, ...cells);
}

function nextPlace({ endpoint, model, country, zone, form }) {
  const place = [model, countries.of(country), say(`zone_${zone}`), say(`form_${form}`)];
  return element("li", {}, element("b", {}, endpoint), " · ", place.join(" · "));
}

/** Lists policies: the article or, without one, that it is a rule of the house, and the reason. */
function laws(policies) {
  const items = policies.map((policy) =>
    element(
      "li",
      { "data-policy": policy.id },
      element("b", {}, korean(policy.article) || say("house_rule")),
      element("p", {}, text(policy.reason)),
    ),
  );
  return element("ul", { class: "laws" }, ...items);
}

function showLeaves({ refused, plan }, pieces) {
  if (refused) {
    set("leaves", "shut", element("p", {}, say("nothing_leaves")));
    return;
  }
  const { message, body, digest, altered, problem } = plan[0];
  if (problem) {
    set("leaves", "bad", element("p", { class: "bad" }, say("unspeakable")), element("p", {}, text(problem)));
    return;
  }
  const shown = altered ? align(pieces, message) : null;
  const letter = element("p", { class: "letter", id: "leaving" }, ...(shown ? marked(shown) : [message]));
  const whole = element(
    "details",
    {},
    element("summary", {}, say("whole_body")),
    element("pre", { tabindex: "0", "aria-label": say("whole_body") }, body),
    element("p", { class: "note" }, `${say("digest_of_body")} `, element("span", { class: "digest" }, digest)),
  );
  set("leaves", "done", letter, whole);
}

/** Says in the first station that the preview cannot be made, and why. */
export function showProblem(problem) {
  clear();
  set("found", "bad", ...told(problem));
}

function told(problem) {
  const known = problem.code !== undefined;
  return [
    element("p", { class: "bad" }, known ? problem.message : say("unreachable")),
    known && problem.hint ? element("p", { class: "note" }, problem.hint) : null,
  ];
}

/** The answer as it arrives. `pieces` are those of the prompt, `form` the one in which it left. */
export class Answer {
  constructor(pieces, form) {
    const found = form === "pseudonymised" ? pieces.filter(([, span]) => span) : [];
    this.values = new Map(found);
    this.text = "";
    this.letter = element("p", { class: "letter waits", id: "reply" });
    this.line = element("p", { class: "line" }, say("waiting"));
    this.drawing = 0;
    set("answer", "busy", this.line);
    this.content.setAttribute("aria-busy", "true");
  }

  get content() {
    return document.querySelector("#answer .content");
  }

  add(piece) {
    if (!this.text) {
      this.line.textContent = say("answering");
      this.content.prepend(this.letter);
    }
    this.text += piece;
    this.drawing ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.drawing = 0;
    this.letter.replaceChildren(...marked(spot(this.text, this.values)));
  }

  /** Ends it well, or with a note of why it ended early. */
  end(state, ...notes) {
    cancelAnimationFrame(this.drawing);
    this.draw();
    this.letter.classList.remove("waits");
    document.getElementById("answer").dataset.state = state;
    this.line.remove();
    this.content.append(...notes.filter(Boolean));
    this.content.removeAttribute("aria-busy");
  }

  complete() {
    const count = spot(this.text, this.values).filter(([, span]) => span).length;
    const parts = [say("answered"), count ? say("restored", { count }) : "", say("machine_made")].filter(Boolean);
    this.end("done", element("p", { class: "line" }, ...parts.map((part) => element("span", {}, part))));
  }

  stop() {
    this.end("done", element("p", { class: "note" }, say("stopped")));
  }

  fail(problem) {
    const refused = problem.code === "policy_refused";
    if (refused) this.end("shut", element("p", {}, say("not_sent")));
    else this.end("bad", ...told(problem));
  }
}

/** Says that the log is being read. */
export function showRecording() {
  set("record", "busy", element("p", { class: "note" }, say("recording")));
}

/** Shows the log's lines of a call, each checked; `plan` is what the preview said would be sent. */
export async function showRecord(proof, plan) {
  const entries = proof.lines.map((line) => entryOf(line));
  const outcome = proof.lines.map((line) => line.entry).find((entry) => entry.entry === "outcome");
  const checks = [[proof.verified, proof.verified ? "check_server" : "check_server_failed"]];
  if (able) {
    const sums = await Promise.all(proof.lines.map((line) => fits(line.raw, line.digest)));
    const all = sums.every(Boolean);
    checks.push([all, all ? "check_browser" : "check_browser_failed"]);
  } else {
    checks.push([null, "check_browser_cannot"]);
  }
  if (outcome?.sent) {
    const same = plan.some((one) => one.endpoint === outcome.endpoint && one.digest === outcome.sent);
    checks.push([same, same ? "check_sent" : "check_sent_failed"]);
  }
  set(
    "record",
    checks.some(([good]) => good === false) ? "bad" : "done",
    element("div", { class: "entries" }, ...entries),
    element("ul", { class: "checks" }, ...checks.map(([good, name]) => check(good, say(name)))),
    element("p", { class: "note" }, `${say("verify_with")} `, element("code", {}, "hanbok log verify")),
  );
}

/** Says that the log could not be read. */
export function showUnrecorded(problem) {
  set("record", "bad", ...told(problem));
}

function check(good, sentence) {
  const sign = good === null ? "–" : good ? "✓" : "✗";
  const tone = good === null ? "" : good ? "good" : "bad";
  return element(
    "li",
    { "data-good": String(good) },
    element("span", { class: `sign ${tone}`, "aria-hidden": "true" }, sign),
    element("span", {}, sentence),
  );
}

function entryOf({ index, digest, entry, raw, proof }) {
  const kind = entry.entry;
  const title = element(
    "h4",
    {},
    say(`entry_${kind}`),
    element("span", {}, say("entry_number", { index: number.format(index) })),
    element("span", {}, new Date(entry.at).toLocaleString(language, { dateStyle: "medium", timeStyle: "medium" })),
    element("span", {}, say(`entry_${kind}_about`)),
  );
  const digests = element(
    "dl",
    { class: "digests" },
    element("dt", {}, say("digest")),
    element("dd", { class: "digest" }, digest),
  );
  const line = element(
    "details",
    {},
    element("summary", {}, say("raw_line")),
    element("pre", { tabindex: "0", "aria-label": say("raw_line") }, raw),
    proof ? element("pre", { tabindex: "0", "aria-label": say("tree_proof") }, proof) : "",
  );
  return element("article", { class: "entry", "data-kind": kind }, title, facts(entry), digests, line);
}

function facts(entry) {
  if (entry.entry === "outcome") {
    const parts = [
      say(`status_${entry.status}`),
      say("tokens", { input: number.format(entry.input ?? 0), output: number.format(entry.output ?? 0) }),
      say("cost", { cost: won.format((entry.cost ?? 0) / 1e6) }),
    ];
    return element("p", { class: "line" }, ...parts.map((part) => element("span", {}, part)));
  }
  if (entry.entry === "intent") {
    const places = entry.plan.map((hop) => `${hop.endpoint} (${say(`zone_${hop.zone}`)}, ${say(`form_${hop.form}`)})`);
    return element("p", { class: "line" }, say("intent_facts", { grade: entry.grade, places: places.join(" → ") }));
  }
  if (entry.entry === "refusal") return element("p", { class: "line" }, korean((entry.articles ?? []).join(", ")));
  return null;
}
