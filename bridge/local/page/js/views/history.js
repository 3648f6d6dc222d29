// Plots of the last hour and day, and the energy of each day and month.

import {ask} from "../api.js";
import {e} from "../dom.js";
import {language, number, t} from "../i18n.js";
import {card, choices, fetched} from "../parts.js";
import {barPlot, linePlot} from "../plot.js";

const SPANS_S = {hour: 3600, day: 86400};
const SHOWN = {day: 31, month: 13};
const FRESH_MS = {hour: 15000, day: 60000};

export function history() {
  const [course, bars] = [e("div.plots", {}), e("div.plots", {})];
  let [span, per, timer] = ["hour", "day", 0];
  const again = fetched(course, () => ask(`history?span=${span}`), (found) => courseOf(found, span));
  const anew = fetched(bars, () => ask(`energy?per=${per}`), (found) => barsOf(found, per));
  const tick = () => {
    timer = setTimeout(() => {
      // Whoever reads a table of it is not disturbed.
      if (document.visibilityState === "visible" && !course.querySelector("details[open]")) again();
      tick();
    }, FRESH_MS[span]);
  };
  tick();
  const element = e("div", {}, e("h1", {}, t("nav.history")),
    card(t("history.course"),
      choices("span", t("history.span"), {hour: t("history.hour"), day: t("history.day")}, span, (value) => {
        span = value;
        clearTimeout(timer);
        tick();
        again();
      }), course),
    card(t("history.energy"),
      choices("per", t("history.per"), {day: t("history.days"), month: t("history.months")}, per, (value) => {
        per = value;
        anew();
      }), bars));
  return {element, close: () => clearTimeout(timer)};
}

function courseOf({samples, step_s: stepS}, span) {
  if (!samples.length) return e("p.hint", {}, t("history.nothing"));
  const rows = withGaps(samples, stepS ?? 1);
  const times = rows.map((row) => row[0]);
  const to = Math.max(times.at(-1), Date.now() / 1000 - 60);
  const from = to - SPANS_S[span];
  const column = (index, by = 1) => rows.map((row) => (row[index] === null ? null : row[index] / by));
  const phases = [2, 3, 4].filter((index) => rows.some((row) => row[index] !== null && Math.abs(row[index]) > 0.05));
  const shown = phases.length ? phases : [2];
  return [
    linePlot({title: t("now.power"), unit: "kW", digits: 2, times, from, to, lines: [{name: t("now.power"), look: "one", filled: true, values: column(1, 1000)}]}),
    linePlot({title: t("history.amps"), unit: "A", digits: 1, times, from, to, lines: [
      ...shown.map((index) => ({name: `L${index - 1}`, look: ["one", "two", "three"][index - 2], values: column(index)})),
      {name: t("history.offered"), look: "offered", stepped: true, values: column(5)},
    ]}),
  ];
}

// Between samples that lie far apart nothing is known: no line is drawn there.
export function withGaps(samples, stepS) {
  return samples.flatMap((row, index) => {
    const before = samples[index - 1];
    return before && row[0] - before[0] > 3 * stepS ? [[before[0] + stepS, null, null, null, null, null], row] : [row];
  });
}

function barsOf({buckets}, per) {
  if (!buckets.length) return e("p.hint", {}, t("history.no_energy"));
  const shown = buckets.slice(-SHOWN[per]);
  const style = per === "day" ? {day: "numeric", month: "numeric"} : {month: "short"};
  const long = per === "day" ? {weekday: "short", day: "numeric", month: "long", year: "numeric"} : {month: "long", year: "numeric"};
  const written = (name, how) => {
    const date = new Date(`${name.length === 7 ? `${name}-01` : name}T12:00:00`);
    return Number.isNaN(date.getTime()) ? name : date.toLocaleDateString(language(), how);
  };
  const bars = shown.map(([name, wh, whole]) => [written(name, style), wh / 1000, whole ? written(name, long) : t("history.part", {when: written(name, long)})]);
  const total = bars.reduce((sum, [, value]) => sum + value, 0);
  return [
    barPlot({title: t(per === "day" ? "history.per_day" : "history.per_month"), unit: "kWh", digits: 1, bars}),
    e("p.hint", {}, t("history.total", {total: number(total, 1)})),
  ];
}
