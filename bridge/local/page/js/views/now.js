// What is so, why, and what can be done about it.

import {ask, order} from "../api.js";
import {e, field, icon, redrawn, say, show} from "../dom.js";
import {energy, money, number, span, t} from "../i18n.js";
import {action, card, form, note, sure} from "../parts.js";
import {limitControl} from "./limit.js";

export function now(context) {
  const hero = heroOf();
  const figures = figuresOf();
  const amps = ampsOf();
  const session = sessionControl();
  const limit = limitControl();
  const element = e("div.now", {}, e("div.column", {}, hero.element, figures.element, amps.element), e("div.column", {}, session.element, limit.element));
  let price = null;
  ask("price").then((found) => {
    price = found.price;
    update(latest);
  }, () => {});
  let latest = {seen: context.seen(), stale: false};
  function update(live) {
    latest = live;
    hero.update(live);
    const state = live.seen?.state ?? null;
    const usable = !live.stale && live.seen?.bridge === "ok";
    show(figures.element, state !== null);
    show(amps.element, state !== null);
    show(session.element, state !== null && usable);
    show(limit.element, state !== null && usable);
    if (state === null) return;
    for (const each of [figures, amps, session, limit]) each.update(state, price);
  }
  return {element, update};
}

const LOOKS = {Faulted: "alert", Unavailable: "alert", SuspendedEV: "pause", SuspendedEVSE: "pause", Available: "plug"};

function heroOf() {
  const mark = e("div.mark", {});
  const headline = e("h1", {});
  const why = e("p.why", {});
  const todo = e("p.todo", {});
  const rest = e("div", {});
  const more = e("p.more", {}, e("a", {href: "#hardware"}, t("now.faults")));
  const element = e("section.card.hero", {}, e("div.sentence", {}, mark, e("div", {}, headline, why)), todo, more, rest);
  function update({seen, stale}) {
    const state = seen?.state ?? null;
    const [first, ...others] = state ? seen.why : [];
    const away = seen !== null && seen.bridge !== "ok";
    say(headline, seen === null ? t("loading") : away && state === null ? t("bridge_away") : seen.headline);
    say(why, first?.text ?? (away ? seen.bridge : ""));
    const asked = state?.why[0]?.remedy.do !== "NothingToDo";
    say(todo, first?.what_to_do);
    show(todo, asked && Boolean(first?.what_to_do));
    show(more, Boolean(state?.box.faults.length));
    const look = stale || away || seen === null ? "away" : state.charges ? "now" : LOOKS[state.connector.status] ?? "plug";
    redrawn(mark, look, () => icon(look));
    element.classList.toggle("charges", Boolean(state?.charges) && !stale && !away);
    element.classList.toggle("faulted", state?.connector.status === "Faulted");
    redrawn(rest, [others, state?.charges], () => (others.length ? chain(others, t(state.charges ? "why.also" : "why.more")) : []));
  }
  return {element, update};
}

function chain(others, name) {
  return e("details.more", {}, e("summary", {}, name),
    e("ol", {}, ...others.map((each) => e("li", {}, e("p", {}, each.text), each.what_to_do ? e("p.hint", {}, each.what_to_do) : null))));
}

function figuresOf() {
  const values = {};
  const boxes = ["power", "energy", "time", "cost"].map((name) => {
    const value = e("p.value", {});
    const unit = e("span.unit", {});
    values[name] = {value: e("span", {}), unit};
    value.append(values[name].value, unit);
    return e("div.figure", {"data-figure": name}, e("p.label", {}, t(`now.${name}`)), value);
  });
  const element = e("section.figures", {"aria-label": t("now.figures")}, ...boxes);
  const unpriced = e("a", {href: "#settings"}, t("now.no_price"));
  values.cost.value.after(unpriced);
  const set = (name, text, unit = "") => {
    say(values[name].value, text);
    say(values[name].unit, unit);
  };
  function update(state, price) {
    const {meter, session} = state;
    const fresh = meter !== null && meter.fresh;
    set("power", fresh ? number(meter.power_w / 1000, 2, 1) : "–", fresh ? "kW" : "");
    set("energy", session ? number(session.energy_wh / 1000, 2, 1) : "–", session ? "kWh" : "");
    set("time", session ? span(session.for_s) : "–");
    const priced = price?.per_kwh !== null && price?.per_kwh !== undefined;
    set("cost", session && priced ? money((session.energy_wh / 1000) * price.per_kwh, price.currency) : "");
    show(unpriced, !priced);
    for (const each of boxes.slice(1)) show(each, Boolean(session));
  }
  return {element, update};
}

function ampsOf() {
  const rows = [0, 1, 2].map((phase) => {
    const bar = e("div.bar", {});
    const mark = e("div.offer", {});
    const value = e("span.amps", {});
    return {bar, mark, value, element: e("div.phase", {}, e("span.name", {}, `L${phase + 1}`), e("div.track", {"aria-hidden": "true"}, bar, mark), value)};
  });
  const offered = e("p.hint", {});
  const element = card(t("now.amps"), ...rows.map((row) => row.element), offered);
  function update(state) {
    const {meter, box} = state;
    const fresh = meter !== null && meter.fresh;
    const installed = state.limits.find((limit) => limit.name === "installation")?.limit_a ?? 32;
    const most = Math.max(installed, box.offered_a, ...(fresh ? meter.current_a : []), 1);
    rows.forEach((row, at) => {
      show(row.element, at < box.phases);
      row.bar.style.width = `${fresh ? Math.min(100, (Math.abs(meter.current_a[at]) / most) * 100) : 0}%`;
      row.mark.style.left = `${(box.offered_a / most) * 100}%`;
      show(row.mark, box.offered_a > 0);
      say(row.value, fresh ? `${number(meter.current_a[at], 1, 1)} A` : "–");
    });
    const stale = meter === null ? t("meter.none") : fresh ? null : t("meter.stale", {span: span(meter.age_s)});
    say(offered, [stale, box.offered_a > 0 ? t("now.offered", {amps: number(box.offered_a)}) : t("now.not_offered")].filter(Boolean).join(" "));
  }
  return {element, update};
}

function sessionControl() {
  const about = e("p", {});
  const tag = e("input", {name: "id_tag", autocomplete: "on", maxlength: 20, spellcheck: "false", autocapitalize: "characters", enterkeyhint: "go", required: true});
  const start = form([field(t("start.card"), tag, t("start.hint"))], t("start"), async () => {
    const idTag = tag.value.trim();
    if (!idTag) {
      tag.focus();
      throw new Error(t("start.empty"));
    }
    await order("charging/start", "POST", {id_tag: idTag});
    note(t("start.done"));
  });
  const stop = action("", async () => {
    const running = stop.dataset.running === "yes";
    if (running && !(await sure(t("stop.sure"), t("stop")))) return;
    await order("charging/stop", "POST");
    note(t(running ? "stop.done" : "stop.forgotten"));
  }, "button.stop");
  const element = card(t("now.session"), about, start, stop);
  function update(state) {
    const {step, id_tag: idTag, source, lapses_in_s: lapses, free_charging: free} = state.connector;
    const running = step === "Transaction";
    const waiting = step === "Authorized" || step === "Authorizing";
    const who = idTag ? t("session.card", {id_tag: idTag}) : t("session.free");
    const texts = {
      Transaction: t("session.runs", {who}),
      Authorized: lapses === null ? t("session.waits", {who}) : t("session.waits_until", {who, span: span(lapses)}),
      Authorizing: t("session.asks", {who}),
    };
    say(about, texts[step] ?? t(free ? "session.begins_free" : "session.none"));
    show(start, !running && !waiting && !free);
    show(stop, running || (waiting && source !== "free"));
    stop.dataset.running = running ? "yes" : "no";
    say(stop, t(running ? "stop" : "stop.forget"));
  }
  return {element, update};
}
