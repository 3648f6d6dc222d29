// What was charged: filter, resend, CSV.

import {ask, link, order} from "../api.js";
import {e, field, redrawn, say} from "../dom.js";
import {clock, day, energy, language, money, moment, span, t} from "../i18n.js";
import {action, calmly, fetched, note, table} from "../parts.js";

const PAGE = 50;
const MOST_PAGES = 100;
const SHOWN = 50;

export function sessions() {
  const place = e("div", {});
  const again = fetched(place, everything, (found) => listed(found, () => again()));
  const element = e("div", {}, e("h1", {}, t("nav.sessions")), e("section.card", {}, place));
  return {element};
}

// The server pages from the oldest on; people want the newest first.
async function everything() {
  const found = [];
  let after = 0;
  for (let page = 0; page < MOST_PAGES && after !== null; page += 1) {
    const answer = await ask(`sessions?after=${after}&limit=${PAGE}`);
    found.push(...answer.sessions);
    after = answer.sessions.length ? answer.next : null;
  }
  const price = await ask("price").then((answer) => answer.price, () => null);
  return {sessions: found.reverse(), price};
}

const open = (session) => session.delivery === "waiting" || session.delivery === "dead letter";

function listed({sessions: all, price}, again) {
  if (!all.length) return e("p", {}, t("sessions.nothing"));
  const text = e("input", {type: "search", autocomplete: "off"});
  const months = [...new Set(all.map(monthOf))];
  const month = e("select", {}, e("option", {value: ""}, t("sessions.all_months")), ...months.map((each) => e("option", {value: each}, each)));
  const only = e("input", {type: "checkbox"});
  const summed = e("p.sum", {role: "status"});
  const rows = e("div", {});
  let most = SHOWN;
  const draw = () => {
    const wanted = text.value.trim().toLowerCase();
    const found = all.filter((each) => (!only.checked || open(each)) && (!month.value || monthOf(each) === month.value) && (!wanted || `${each.id_tag} ${each.number}`.toLowerCase().includes(wanted)));
    const wh = found.reduce((sum, each) => sum + (each.energy_wh ?? 0), 0);
    say(summed, [t("sessions.sum", {count: found.length, energy: energy(wh)}), cost(wh, price)].filter(Boolean).join(" · "));
    redrawn(rows, [found, most], () => [
      ...(found.length ? [sessionTable(found.slice(0, most), price, again)] : [e("p.hint", {}, t("sessions.none_found"))]),
      ...(found.length > most ? [action(t("sessions.more", {count: found.length - most}), () => {
        most += 4 * SHOWN;
        draw();
      })] : []),
    ]);
  };
  text.addEventListener("input", calmly(draw));
  for (const each of [month, only]) each.addEventListener("change", draw);
  draw();
  const undelivered = all.filter(open).length;
  return [
    e("div.filters", {}, field(t("sessions.search"), text), field(t("sessions.month"), month),
      e("label.check", {}, only, e("span", {}, t("sessions.only", {count: undelivered})))),
    e("div.row.spread", {}, summed, e("a.button", {href: link("sessions.csv"), download: "sessions.csv"}, t("sessions.csv"))),
    rows,
  ];
}

function monthOf(session) {
  const at = new Date(session.started_at);
  return Number.isNaN(at.getTime()) ? t("unknown") : at.toLocaleDateString(language(), {month: "long", year: "numeric"});
}

// Null: it runs, or nobody knew the time.
function lastedS(session) {
  const seconds = (new Date(session.stopped_at) - new Date(session.started_at)) / 1000;
  return Number.isNaN(seconds) ? null : seconds;
}

function cost(wh, price) {
  return price?.per_kwh === null || price?.per_kwh === undefined ? null : money((wh / 1000) * price.per_kwh, price.currency);
}

function sessionTable(shown, price, again) {
  const priced = cost(0, price) !== null;
  const columns = [t("sessions.when"), t("sessions.lasted"), t("sessions.card"), t("now.energy"), ...(priced ? [t("now.cost")] : []), t("sessions.delivery")];
  return table(t("nav.sessions"), columns, shown.map((each) => [
    e("span", {}, `${day(each.started_at)}, ${clock(each.started_at)}`, each.time_estimated ? e("span.hint", {}, ` ${t("sessions.estimated")}`) : null),
    span(lastedS(each)),
    each.id_tag || t("sessions.no_card"),
    each.energy_wh === null ? "–" : energy(each.energy_wh),
    ...(priced ? [each.energy_wh === null ? "–" : cost(each.energy_wh, price)] : []),
    delivered(each, again),
  ]));
}

const LOOKS = {"delivered": "span.tag.good", "waiting": "span.tag.warn", "charging": "span.tag.good", "dead letter": "span.tag.bad"};

function delivered(session, again) {
  const badge = e(LOOKS[session.delivery] ?? "span.tag", {}, t(`delivery.${session.delivery}`));
  if (session.delivery !== "dead letter") return badge;
  return e("div.stack", {}, badge,
    e("span.hint", {}, session.dead_letter_reason ?? ""),
    action(t("sessions.again"), async () => {
      await order(`sessions/${session.number}/offer-again`, "POST");
      note(t("sessions.again_done", {when: moment(session.started_at)}));
      again();
    }));
}
