// Plots of our own: lines over time, and bars. Each has its numbers as a table too.

import {e, say, svg} from "./dom.js";
import {clock, number, t} from "./i18n.js";
import {table} from "./parts.js";

const HEIGHT = 240;
const LEFT = 44;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 28;
const NARROW = matchMedia("(max-width: 639px)"); // there letters must not shrink with the picture
const TABLE_ROWS = 24; // of a plot with thousands of samples: whoever listens wants the course

// The steps of an axis: 1, 2 or 5 times a power of ten; returns its end and the step.
export function axis(most) {
  const rough = Math.max(most, 1e-9) / 4;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * ten).find((each) => each >= rough);
  return {step, end: Math.max(step, Math.ceil(most / step - 1e-9) * step)};
}

const width = () => (NARROW.matches ? 330 : 760);
const across = (part) => LEFT + part * (width() - LEFT - RIGHT);
const up = (value, end) => HEIGHT - BOTTOM - (Math.max(0, value) / end) * (HEIGHT - TOP - BOTTOM);
const at = (x, y) => `${x.toFixed(1)} ${y.toFixed(1)}`;

// The path of a line; a null is a gap: nothing is known there.
export function path(points, end, stepped = false) {
  let drawn = "";
  let before = null;
  for (const [part, value] of points) {
    if (value === null || value === undefined) {
      before = null;
      continue;
    }
    const [x, y] = [across(part), up(value, end)];
    if (before === null) drawn += `M${at(x, y)}`;
    else drawn += stepped ? `L${at(x, before)}L${at(x, y)}` : `L${at(x, y)}`;
    before = y;
  }
  return drawn;
}

function grid(end, step, unit) {
  const lines = [];
  for (let value = 0; value <= end + step / 2; value += step) {
    const y = up(value, end);
    lines.push(svg("line.grid", {x1: LEFT, x2: width() - RIGHT, y1: y, y2: y}), svg("text.tick", {x: LEFT - 8, y: y + 4, "text-anchor": "end"}, number(value, 2)));
  }
  lines.push(svg("text.tick", {x: LEFT - 8, y: HEIGHT - 8, "text-anchor": "end"}, unit));
  return lines;
}

// lines: [{name, look, values, filled?, stepped?}] beside times in seconds, from `from` to `to`.
export function linePlot({title, unit, times, from, to, lines, digits}) {
  const most = Math.max(0, ...lines.flatMap((line) => line.values.filter((value) => value !== null)));
  const {step, end} = axis(most || 1);
  const part = (time) => (time - from) / (to - from || 1);
  const drawn = lines.flatMap((line) => {
    const points = times.map((time, index) => [part(time), line.values[index]]);
    const whole = svg(`path.line.${line.look}`, {d: path(points, end, line.stepped)});
    return line.filled ? [...areas(points, end).map((d) => svg(`path.area.${line.look}`, {d})), whole] : [whole];
  });
  const ticks = (NARROW.matches ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]).map((share) => svg("text.tick", {x: across(share), y: HEIGHT - 8, "text-anchor": share === 0 ? "start" : share === 1 ? "end" : "middle"}, clock((from + share * (to - from)) * 1000)));
  const cursor = svg("line.cursor", {y1: TOP, y2: HEIGHT - BOTTOM, x1: 0, x2: 0, visibility: "hidden"});
  const picture = svg("svg.plot", {viewBox: `0 0 ${width()} ${HEIGHT}`, role: "img", "aria-label": `${title}: ${summary(lines, unit, digits)}`}, ...grid(end, step, unit), ...ticks, ...drawn, cursor);
  const readout = e("p.readout", {"aria-hidden": "true"});
  const legend = e("ul.legend", {}, ...lines.map((line) => e("li", {}, svg(`svg.swatch.${line.look}`, {viewBox: "0 0 20 8", "aria-hidden": "true"}, svg(`line.line.${line.look}`, {x1: 1, x2: 19, y1: 4, y2: 4})), line.name)));
  follow(picture, cursor, readout, times, part, lines, unit, digits);
  return figure(title, picture, [e("div.row.spread", {}, lines.length > 1 ? legend : null, readout)], timeTable(title, unit, times, lines, digits));
}

function areas(points, end) {
  const runs = [[]];
  for (const point of points) {
    if (point[1] === null || point[1] === undefined) runs.push([]);
    else runs.at(-1).push(point);
  }
  return runs.filter((run) => run.length > 1).map((run) => `${path(run, end)}L${at(across(run.at(-1)[0]), up(0, end))}L${at(across(run[0][0]), up(0, end))}Z`);
}

function summary(lines, unit, digits) {
  return lines.map((line) => {
    const known = line.values.filter((value) => value !== null);
    return known.length ? t("plot.summary", {name: line.name, most: number(Math.max(...known), digits), last: number(known.at(-1), digits), unit}) : t("plot.nothing", {name: line.name});
  }).join("; ");
}

// Where the finger or mouse is, the values of that moment.
function follow(picture, cursor, readout, times, part, lines, unit, digits) {
  const away = () => {
    cursor.setAttribute("visibility", "hidden");
    say(readout, "");
  };
  picture.addEventListener("pointermove", (event) => {
    const box = picture.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width();
    const wanted = (x - LEFT) / (width() - LEFT - RIGHT);
    if (!times.length || wanted < 0 || wanted > 1) return away();
    const index = times.reduce((best, time, each) => (Math.abs(part(time) - wanted) < Math.abs(part(times[best]) - wanted) ? each : best), 0);
    cursor.setAttribute("x1", across(part(times[index])));
    cursor.setAttribute("x2", across(part(times[index])));
    cursor.setAttribute("visibility", "visible");
    say(readout, `${clock(times[index] * 1000)}  ${lines.map((line) => `${line.name} ${number(line.values[index], digits)}`).join("  ")} ${unit}`);
    return undefined;
  });
  picture.addEventListener("pointerleave", away);
}

function timeTable(title, unit, times, lines, digits) {
  const every = Math.max(1, Math.ceil(times.length / TABLE_ROWS));
  const rows = times.map((time, index) => [time, index]).filter(([, index]) => index % every === 0 || index === times.length - 1);
  return () => table(title, [t("plot.time"), ...lines.map((line) => `${line.name} (${unit})`)], rows.map(([time, index]) => [clock(time * 1000), ...lines.map((line) => number(line.values[index], digits))]));
}

// bars: [[name, value, long name]]
export function barPlot({title, unit, bars, digits}) {
  const {step, end} = axis(Math.max(0, ...bars.map(([, value]) => value)) || 1);
  const wide = (width() - LEFT - RIGHT) / Math.max(bars.length, 1);
  const every = Math.ceil(bars.length / (NARROW.matches ? 4 : 8));
  const drawn = bars.flatMap(([name, value, long], index) => {
    const x = LEFT + index * wide;
    const y = up(value, end);
    return [
      svg("rect.bar", {x: x + wide * 0.14, width: wide * 0.72, y, height: Math.max(0, HEIGHT - BOTTOM - y), rx: Math.min(3, wide * 0.2)}, svg("title", {}, `${long}: ${number(value, digits)} ${unit}`)),
      ...((bars.length - 1 - index) % every === 0 ? [svg("text.tick", {x: x + wide / 2, y: HEIGHT - 8, "text-anchor": "middle"}, name)] : []),
    ];
  });
  const total = bars.reduce((sum, [, value]) => sum + value, 0);
  const picture = svg("svg.plot", {viewBox: `0 0 ${width()} ${HEIGHT}`, role: "img", "aria-label": t("plot.bars", {title, total: number(total, digits), unit})}, ...grid(end, step, unit), ...drawn);
  return figure(title, picture, [], () => table(title, [t("plot.when"), `${t("now.energy")} (${unit})`], bars.map(([, value, long]) => [long, number(value, digits)])));
}

function figure(title, picture, below, numbers) {
  const place = e("div.scroll", {tabindex: 0, role: "region", "aria-label": t("plot.numbers_of", {title})});
  const more = e("details.more", {}, e("summary", {}, t("plot.table")), place);
  more.addEventListener("toggle", () => place.replaceChildren(...(more.open ? [numbers()] : [])));
  return e("figure", {}, e("figcaption", {}, title), picture, ...below, more);
}
