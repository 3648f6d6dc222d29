// Pieces that several views are made of.

import {e, icon, say} from "./dom.js";
import {t} from "./i18n.js";

const NOTE_MS = 8000;

// Says what came of a press, for eye and ear.
export function note(text, bad = false) {
  const said = e(bad ? "p.note.bad" : "p.note", {}, text);
  document.getElementById("notes").append(said);
  setTimeout(() => said.remove(), NOTE_MS);
}

// A button that waits for its work, and says when it failed.
export function action(label, work, look = "button") {
  const button = e(look, {type: "button"}, label);
  button.addEventListener("click", () => busy(button, work));
  return button;
}

export async function busy(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true"); // and not `disabled`, which would lose the focus
  try {
    await work();
  } catch (error) {
    note(error.message, true);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

// A form whose submit is `work`; its button waits.
export function form(fields, label, work, look = "button.main") {
  const button = e(look, {type: "submit"}, label);
  const made = e("form", {novalidate: true}, ...fields, button);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(button, work);
  });
  return made;
}

// Asks once more before what cannot be taken back.
export function sure(question, yes) {
  return new Promise((resolve) => {
    const dialog = e("dialog", {"aria-labelledby": "question"},
      e("p", {id: "question"}, question),
      e("div.row.end", {},
        e("button", {type: "button", onclick: () => dialog.close("")}, t("cancel")),
        e("button.main", {type: "button", onclick: () => dialog.close("yes")}, yes)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// What is fetched: waiting, then there, or why not with a way to try again. Returns the function that fetches anew.
export function fetched(place, fetch, draw) {
  let latest = 0;
  const again = async () => {
    latest += 1;
    const mine = latest;
    if (!place.hasChildNodes()) place.append(e("p.hint", {}, t("loading")));
    place.setAttribute("aria-busy", "true");
    try {
      const found = await fetch();
      if (mine === latest) place.replaceChildren(...[draw(found)].flat());
    } catch (error) {
      if (mine !== latest) return;
      place.replaceChildren(e("div.trouble", {}, icon("alert"), e("p", {}, error.message), action(t("try_again"), again)));
    } finally {
      if (mine === latest) place.removeAttribute("aria-busy");
    }
  };
  again();
  return again;
}

export function card(heading, ...children) {
  return e("section.card", {}, e("h2", {}, heading), ...children);
}

// A list of names and values; `set(name, text)` changes one.
export function facts(names) {
  const values = new Map();
  const rows = names.map(([key, label]) => {
    const value = e("dd", {}, "–");
    values.set(key, value);
    return e("div", {}, e("dt", {}, label), value);
  });
  return {element: e("dl.facts", {}, ...rows), set: (key, text) => say(values.get(key), text)};
}

// Rows of cells; on a phone each row becomes a block, and each cell carries its column's name.
export function table(caption, columns, rows) {
  return e("table", {},
    e("caption.unseen", {}, caption),
    e("thead", {}, e("tr", {}, ...columns.map((each) => e("th", {scope: "col"}, each)))),
    e("tbody", {}, ...rows.map((cells) => e("tr", {}, ...cells.map((cell, at) => e("td", {"data-label": columns[at]}, cell))))));
}

// One of few choices, as a row of radio buttons.
export function choices(name, legend, options, chosen, choose) {
  return e("fieldset.choices", {}, e("legend.unseen", {}, legend),
    ...Object.entries(options).map(([value, label]) =>
      e("label", {},
        e("input", {type: "radio", name, value, checked: value === chosen, onchange: () => choose(value)}),
        e("span", {}, label))));
}

// Waits with `work` until nobody has typed for a moment.
export function calmly(work, ms = 250) {
  let waiting = 0;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(work, ms);
  };
}
