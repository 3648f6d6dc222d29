// Makes elements. Every text goes in as text: nothing of others is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

// e("button.main", {type: "button", onclick: f}, "text", element, null) makes an element with its children.
export function e(what, attributes = {}, ...children) {
  return filled(document.createElement(what.split(".")[0]), what, attributes, children);
}

export function svg(what, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, what.split(".")[0]), what, attributes, children);
}

function filled(element, what, attributes, children) {
  const classes = what.split(".").slice(1);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// Writes only what has changed: a reader, and a selection, are not disturbed once a second.
export function say(element, text) {
  const wanted = text ?? "";
  if (element.textContent !== wanted) element.textContent = wanted;
}

export function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

// Draws anew only when what it is drawn from has changed.
export function redrawn(element, from, draw) {
  const key = JSON.stringify(from);
  if (element.drawnFrom === key) return;
  element.drawnFrom = key;
  element.replaceChildren(...[draw()].flat());
}

const ICONS = {
  now: "M13 2 4 14h6l-1 8 9-12h-6z",
  history: "M4 20V10M10 20V4M16 20v-7M22 20H2",
  sessions: "M5 4h14v17l-3.5-2-3.5 2-3.5-2L5 21zM9 9h6M9 13h6",
  ocpp: "M7 18a4 4 0 0 1 0-8 5.5 5.5 0 0 1 10.6 1.2A3.5 3.5 0 0 1 17 18z",
  hardware: "M6 3v6M11 3v6M4 9h9v4a4.500 4.500 0 0 1-9 0zM8.500 17.500V21h9V8h3",
  settings: "M4 7h9M19 7h1M4 17h1M11 17h9M16 4.500v5M8 14.500v5",
  plug: "M9 2v6M15 2v6M6 8h12v4a6 6 0 0 1-12 0zM12 18v4",
  alert: "M12 3 2 21h20zM12 10v5M12 17.500v.5",
  pause: "M8 5v14M16 5v14",
  away: "M3 3l18 18M7 18a4 4 0 0 1 0-8M10 6.500a5.500 5.500 0 0 1 7.600 4.700A3.500 3.500 0 0 1 19 17",
};

export function icon(name) {
  return svg("svg.icon", {viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false"}, svg("path", {d: ICONS[name]}));
}

let names = 0;

// A label and its field, bound to each other; `hint` is read with the field.
export function field(label, input, hint = null) {
  names += 1;
  input.id = `field-${names}`;
  const told = hint === null ? null : e("p.hint", {id: `hint-${names}`}, hint);
  if (told) input.setAttribute("aria-describedby", told.id);
  return e("div.field", {}, e("label", {for: input.id}, label), input, told);
}
