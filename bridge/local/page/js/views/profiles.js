// A charging profile in words, and what its schedule says for the next day.

import {e, svg} from "../dom.js";
import {clock, moment, number, t} from "../i18n.js";

const DAY_S = 86400;
const WEEK_S = 7 * DAY_S;
const NARROW = matchMedia("(max-width: 639px)");
const HEIGHT = 56;

// The spans [from, to, limit | null] of a profile's schedule between two moments; OCPP 1.6 3.13 and 7.8.
export function spans(profile, beginsAt, from, to) {
  const points = new Set([from, to]);
  const base = profile.kind === "Relative" ? beginsAt : (profile.start_at ?? profile.received_at);
  const every = profile.kind === "Recurring" ? (profile.recurrency === "Weekly" ? WEEK_S : DAY_S) : null;
  const first = every === null ? base : base + Math.floor((from - base) / every) * every;
  for (let start = first; start <= to; start += every ?? Infinity) {
    for (const period of profile.periods) points.add(start + period.start_s);
    if (profile.duration_s !== null) points.add(start + profile.duration_s);
    if (every !== null) points.add(start + every);
    if (every === null) break;
  }
  for (const bound of [profile.valid_from, profile.valid_to]) if (bound !== null) points.add(bound);
  const sorted = [...points].filter((each) => each >= from && each <= to).sort((one, other) => one - other);
  return sorted.slice(0, -1).map((start, index) => [start, sorted[index + 1], limitAt(profile, base, every, start)]);
}

function limitAt(profile, base, every, at) {
  if ((profile.valid_from !== null && at < profile.valid_from) || (profile.valid_to !== null && at >= profile.valid_to)) return null;
  if (every === null && at < base) return null;
  const into = every === null ? at - base : (((at - base) % every) + every) % every;
  if (profile.duration_s !== null && into >= profile.duration_s) return null;
  return profile.periods.findLast((period) => period.start_s <= into)?.limit ?? null;
}

export function profileRow(profile, {at, circumstances}) {
  const now = at || Math.floor(Date.now() / 1000);
  const parts = merged(spans(profile, circumstances?.begins_at ?? now, now, now + DAY_S));
  const words = parts.map(([from, to, limit]) => t("profiles.part", {from: clock(from * 1000), to: clock(to * 1000), limit: limited(limit, profile.unit)}));
  const about = [t(`profiles.${profile.purpose}`), t("profiles.level", {level: profile.stack_level}), t(`profiles.${profile.recurrency ?? profile.kind}`), profile.valid_to ? t("profiles.valid_to", {time: moment(profile.valid_to * 1000)}) : null];
  return [
    e("h3", {}, t("profiles.name", {id: profile.profile_id})),
    e("p.hint", {}, about.filter(Boolean).join(" · ")),
    line(parts, profile.unit, now, words),
  ];
}

function merged(parts) {
  return parts.reduce((done, [from, to, limit]) => {
    const last = done.at(-1);
    if (last && last[2] === limit) last[1] = to;
    else done.push([from, to, limit]);
    return done;
  }, []);
}

function limited(limit, unit) {
  return limit === null ? t("profiles.says_nothing") : unit === "A" ? `${number(limit)} A` : `${number(limit / 1000, 2)} kW`;
}

function line(parts, unit, now, words) {
  const most = Math.max(1, ...parts.map(([, , limit]) => limit ?? 0));
  const wide = NARROW.matches ? 330 : 760;
  const x = (time) => ((time - now) / DAY_S) * wide;
  const blocks = parts.flatMap(([from, to, limit]) => [
    svg(limit === null ? "rect.silent" : limit === 0 ? "rect.zero" : "rect.bar", {x: x(from) + 1, width: Math.max(1, x(to) - x(from) - 2), y: limit === null ? 4 : 4 + (1 - Math.max(0.62, limit / most)) * 34, height: limit === null ? 34 : Math.max(0.62, limit / most) * 34, rx: 4}),
    ...(x(to) - x(from) > 70 ? [svg(limit === null || limit === 0 ? "text.tick" : "text.inside", {x: (x(from) + x(to)) / 2, y: 31, "text-anchor": "middle"}, limited(limit, unit))] : []),
  ]);
  const ticks = [0, 6, 12, 18].map((hour) => svg("text.tick", {x: (hour / 24) * wide, y: 53}, clock((now + hour * 3600) * 1000)));
  return svg("svg.plot.timeline", {viewBox: `0 0 ${wide} ${HEIGHT}`, role: "img", "aria-label": words.join("; ")}, ...blocks, ...ticks);
}
