// Texts and places in them. The server counts code points, JavaScript UTF-16 units.

const SHORT = 24;

/** Returns `template` with each `{name}` filled in. */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Makes an element. `attributes` are set as such; children are elements or texts, never markup. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** Cuts `text` at spans of code points, sorted and apart: [[piece, span or null], ...] in order. */
export function cut(text, spans) {
  const points = Array.from(text);
  const pieces = [];
  let at = 0;
  for (const span of spans) {
    if (span.start > at) pieces.push([points.slice(at, span.start).join(""), null]);
    pieces.push([points.slice(span.start, span.end).join(""), span]);
    at = span.end;
  }
  if (at < points.length) pieces.push([points.slice(at).join(""), null]);
  return pieces;
}

/** Returns nodes for pieces: a mark for each that has a span, kept on one line when it is short. */
export function marked(pieces) {
  return pieces.map(([piece, span]) =>
    span
      ? element("mark", { "data-class": span.category, class: piece.length <= SHORT && "short" }, piece)
      : document.createTextNode(piece),
  );
}

/**
 * Finds the placeholders in a text that left. Between two findings nothing was altered, so the altered text goes
 * through the same plain pieces, and what stands between them is a placeholder. Null when it does not.
 */
export function align(pieces, altered) {
  const found = [];
  let at = 0;
  for (const [piece, span] of pieces) {
    if (span) {
      const end = altered.indexOf("]", at) + 1;
      if (altered[at] !== "[" || end === 0) return null;
      found.push([altered.slice(at, end), span]);
      at = end;
    } else if (altered.startsWith(piece, at)) {
      found.push([piece, null]);
      at += piece.length;
    } else {
      return null;
    }
  }
  return at === altered.length ? found : null;
}

/** Cuts `text` wherever one of the `values` (a Map from value to span) stands, longest first. */
export function spot(text, values) {
  const known = [...values.keys()].filter(Boolean).sort((one, other) => other.length - one.length);
  if (!known.length) return [[text, null]];
  const pattern = new RegExp(known.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
  const pieces = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) pieces.push([text.slice(at, match.index), null]);
    pieces.push([match[0], values.get(match[0])]);
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push([text.slice(at), null]);
  return pieces;
}
