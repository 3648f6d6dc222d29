// The box itself: car, contactor, lock, meter, temperature, faults.

import {order} from "../api.js";
import {e, redrawn, show} from "../dom.js";
import {energy, has, number, power, span, t} from "../i18n.js";
import {action, card, facts, note, sure} from "../parts.js";

const BOX = ["vehicle", "offered", "contactor", "closings", "lock", "cable", "contacts", "phases", "serial"];
const METER = ["reading", "power", "currents", "volts", "total", "meter_serial"];

export function hardware(context) {
  const faults = e("div", {});
  const list = facts(BOX.map((name) => [name, t(`box.${name}`)]));
  const meter = facts(METER.map((name) => [name, t(`box.${name}`)]));
  const limits = e("div", {});
  const silent = e("p.trouble", {hidden: true});
  const element = e("div", {}, e("h1", {}, t("nav.hardware")), silent, card(t("faults.title"), faults),
    e("div.two", {}, card(t("box.title"), list.element), card(t("box.meter"), meter.element)), card(t("limits.title"), limits));
  function update({seen}) {
    const state = seen?.state;
    if (!state) return;
    show(silent, !state.box.alive);
    redrawn(silent, [state.box.alive], () => t("box.silent"));
    boxFacts(list, state.box);
    meterFacts(meter, state.meter, state.box.phases);
    redrawn(faults, [state.box.faults.map((each) => [each.id, each.occurrence, each.clears]), seen.faults], () => faultsOf(state.box.faults, seen.faults ?? [], context.who().role === "installer"));
    redrawn(limits, [state.limits.map((each) => [each.name, each.limit_a, each.profile_id]), seen.limits], () => limitsOf(state.limits, seen.limits ?? []));
  }
  return {element, update};
}

function boxFacts(list, box) {
  list.set("vehicle", `${box.vehicle}: ${t(`vehicle.${box.vehicle}`)}`);
  list.set("offered", box.offered_a > 0 ? `${number(box.offered_a)} A` : t("box.nothing"));
  list.set("contactor", `${t(box.contactor_closed ? "box.closed" : "box.open")} (${span(box.contactor_for_s)})`);
  list.set("closings", number(box.closings, 0));
  list.set("lock", box.lock === null ? t("lock.none") : has(`lock.${box.lock}`) ? t(`lock.${box.lock}`) : box.lock);
  list.set("cable", box.cable_rating_a === null ? t("unknown") : `${number(box.cable_rating_a)} A`);
  list.set("contacts", box.contacts_c === null ? t("box.no_thermometer") : `${number(box.contacts_c, 0)} °C`);
  list.set("phases", String(box.phases));
  list.set("serial", box.serial ?? t("unknown"));
}

function meterFacts(list, meter, phases) {
  const each = (values, unit, digits) => `${values.slice(0, phases).map((value) => number(value, digits, digits)).join(" / ")} ${unit}`;
  list.set("reading", meter === null ? t("meter.none") : meter.fresh ? t("meter.fresh") : t("meter.stale", {span: span(meter.age_s)}));
  list.set("power", meter === null ? "–" : power(meter.power_w));
  list.set("currents", meter === null ? "–" : each(meter.current_a, "A", 1));
  list.set("volts", meter === null ? "–" : each(meter.voltage_v, "V", 0));
  list.set("total", meter === null ? "–" : energy(meter.energy_wh));
  list.set("meter_serial", meter?.serial ?? t("unknown"));
}

function faultsOf(faults, words, mayClear) {
  if (!faults.length) return e("p.good", {}, t("faults.none"));
  const mine = faults.filter((each) => each.clears === "person");
  const items = faults.map((fault) => {
    const said = words.find((each) => each.id === fault.id);
    return e("li.fault", {}, e("h3", {}, said?.text ?? fault.id.replaceAll("_", " ")), e("p", {}, said?.what_to_do ?? ""), e("p.hint", {}, t(`clears.${fault.clears}`)));
  });
  return [e("ul.plain", {}, ...items), mine.length && mayClear ? action(t("faults.clear"), async () => {
    if (!(await sure(t("faults.sure"), t("faults.clear")))) return;
    await order("faults/clear", "POST", {faults: mine.map(({id, occurrence}) => ({id, occurrence}))});
    note(t("faults.cleared"));
  }) : ""];
}

function limitsOf(limits, words) {
  return e("dl.facts", {}, ...limits.map((limit, index) => {
    const said = words.find((each) => each.name === limit.name)?.text;
    const own = has(`limits.${limit.name}`) ? t(`limits.${limit.name}`, {id: limit.profile_id ?? ""}) : limit.name;
    return e("div", {}, e("dt", {}, said ?? own), e("dd", {}, `${number(limit.limit_a)} A`, index === 0 ? e("span.tag.good", {}, t("limits.wins")) : null));
  }));
}
