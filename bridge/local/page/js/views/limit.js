// The owner's own limit: pause, 6 A and more, or none.

import {order} from "../api.js";
import {e, say} from "../dom.js";
import {number, t} from "../i18n.js";
import {calmly, card, note} from "../parts.js";

const LEAST_A = 6; // IEC 61851-1: no car takes less
const MOST_A = 32;
const OWNER = "owner";
const VOLTS = 230;
const UNTOUCHED_MS = 1500;

// The places of the slider: 0 is the pause, then each ampere from 6 on, the last is no limit.
export const places = (most) => most - LEAST_A + 3;

export function amps(place, most) {
  if (place === 0) return 0;
  return place >= places(most) - 1 ? null : LEAST_A + place - 1;
}

export function placeOf(limit, most) {
  if (limit === null) return places(most) - 1;
  return limit < LEAST_A ? 0 : Math.min(Math.floor(limit), most) - LEAST_A + 1;
}

export function limitControl() {
  const slider = e("input", {type: "range", min: 0, step: 1, id: "limit", "aria-labelledby": "limit-name"});
  const shown = e("output.value", {for: "limit"});
  const about = e("p.hint", {});
  let [most, phases, touched] = [MOST_A, 3, 0];

  const words = () => {
    const limit = amps(Number(slider.value), most);
    if (limit === null) return [t("limit.none"), t("limit.none_hint")];
    if (limit === 0) return [t("limit.pause"), t("limit.pause_hint")];
    return [`${limit} A`, t("limit.about", {power: number((limit * VOLTS * phases) / 1000, 1)})];
  };
  const draw = () => {
    const [text, hint] = words();
    say(shown, text);
    say(about, hint);
    slider.setAttribute("aria-valuetext", `${text}. ${hint}`);
    slider.style.setProperty("--part", `${(Number(slider.value) / Number(slider.max)) * 100}%`);
  };
  // One order at a time; what was moved meanwhile is sent after it.
  let [sending, sent] = [false, null];
  const send = async () => {
    if (sending) return;
    sending = true;
    try {
      while (slider.value !== sent) {
        const place = slider.value;
        await order("limit", "PUT", {amps: amps(Number(place), most)});
        sent = place;
        touched = Date.now();
      }
      note(t("limit.done", {limit: words()[0]}));
    } catch (error) {
      touched = 0; // the next state shows what really holds
      note(error.message, true);
    } finally {
      sending = false;
      sent = null;
    }
  };
  const sendSoon = calmly(send, 400);
  const moved = () => {
    touched = Date.now();
    draw();
  };
  const step = (by) => () => {
    slider.value = String(Number(slider.value) + by);
    moved();
    sendSoon();
  };
  slider.addEventListener("input", moved);
  slider.addEventListener("change", sendSoon);

  const element = card(t("limit.title"),
    e("p.label", {id: "limit-name"}, t("limit.name")),
    shown,
    e("div.slider", {},
      e("button.round", {type: "button", "aria-label": t("limit.less"), onclick: step(-1)}, "−"),
      slider,
      e("button.round", {type: "button", "aria-label": t("limit.more"), onclick: step(1)}, "+")),
    about);

  function update(state) {
    const installed = state.limits.find((limit) => limit.name === "installation")?.limit_a ?? MOST_A;
    most = Math.max(LEAST_A, Math.floor(installed));
    phases = state.box.phases;
    slider.max = String(places(most) - 1);
    if (!sending && Date.now() - touched > UNTOUCHED_MS) {
      slider.value = String(placeOf(state.limits.find((limit) => limit.name === OWNER)?.limit_a ?? null, most));
    }
    draw();
  }
  return {element, update};
}
