// Returns what a person with a screen reader, a keyboard or weak eyes would stumble over: one line each.
() => {
  const found = [];
  const seen = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const name = (one) => `${one.tagName.toLowerCase()}#${one.id}.${one.className}`;
  if (!/^(ko|en)$/.test(document.documentElement.lang)) found.push("the page has no language");
  if (!document.title) found.push("the page has no title");
  if (document.querySelectorAll("main").length !== 1) found.push("there is not exactly one main");

  for (const field of document.querySelectorAll("input, select, textarea")) {
    if (!field.labels?.length || !field.labels[0].textContent.trim()) found.push(`${name(field)} has no label`);
  }
  for (const control of document.querySelectorAll("button, a, summary")) {
    if (!control.textContent.trim() && !control.getAttribute("aria-label")) found.push(`${name(control)} has no name`);
    if (control.tabIndex < 0) found.push(`${name(control)} is out of the keyboard's reach`);
  }
  for (const image of document.querySelectorAll("img")) {
    if (!image.hasAttribute("alt")) found.push(`${name(image)} has no alternative text`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  if (new Set(ids).size !== ids.length) found.push("an id is there twice");
  for (const one of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    for (const attribute of ["aria-labelledby", "aria-describedby"]) {
      for (const id of (one.getAttribute(attribute) ?? "").split(" ").filter(Boolean)) {
        if (!document.getElementById(id)) found.push(`${name(one)} points to ${id}, which is not there`);
      }
    }
  }

  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) found.push(`${heading.textContent} skips a level`);
    level = own;
  }
  if (document.querySelectorAll("h1").length !== 1) found.push("there is not exactly one h1");
  for (const table of document.querySelectorAll("table")) {
    if (!table.querySelector("th[scope]")) found.push("a table has no headings");
  }

  const parse = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return [red, green, blue, alpha];
  };
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((one) => {
      const part = one / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (let here = one; here; here = here.parentElement) {
      const colour = parse(getComputedStyle(here).backgroundColor);
      if (colour[3] === 1) return colour;
      if (colour[3] > 0) found.push(`${name(here)} has a ground that is half transparent`);
    }
    return [255, 255, 255, 1];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || one.closest("script, noscript, .unseen, #mirror, .skip")) continue;
    if (!seen(one) || one.closest(":disabled")) continue;
    const style = getComputedStyle(one);
    const [above, below] = [luminance(parse(style.color)), luminance(ground(one))].sort((a, b) => b - a);
    const ratio = (above + 0.05) / (below + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${name(one)} has a contrast of ${ratio.toFixed(2)}`);
  }
  return found;
}
