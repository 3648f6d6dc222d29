// Words, numbers and times of the chosen language.

export const LANGUAGES = {en: "English", de: "Deutsch"};
const STORED = "language";
let words = {};
let chosen = "en";

export const language = () => chosen;

// What was chosen on this device; else what the browser asks for; else English.
export function wanted() {
  const names = [stored(), ...(navigator.languages ?? [])];
  return names.map((name) => (name ?? "").slice(0, 2).toLowerCase()).find((name) => name in LANGUAGES) ?? "en";
}

function stored() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null; // a browser that stores nothing
  }
}

export async function speak(name) {
  const answer = await fetch(`i18n/${name}.json`);
  if (!answer.ok) throw new Error(`i18n/${name}.json: ${answer.status}`);
  words = await answer.json();
  chosen = name;
  document.documentElement.lang = name;
}

export function choose(name) {
  try {
    localStorage.setItem(STORED, name);
  } catch {
    // it holds until the page is loaded again
  }
  return speak(name);
}

// The words of that name, with {amps} filled from `values`. A word that is missing is seen by its name.
export function t(name, values = {}) {
  return (words[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

export const has = (name) => name in words;

export function number(value, digits = 1, least = 0) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return new Intl.NumberFormat(chosen, {minimumFractionDigits: least, maximumFractionDigits: digits}).format(value);
}

export function money(value, currency) {
  try {
    return new Intl.NumberFormat(chosen, {style: "currency", currency}).format(value);
  } catch {
    return `${number(value, 2, 2)} ${currency}`; // no code of ISO 4217
  }
}

export function power(watts) {
  return `${number(watts / 1000, 2, 1)} kW`;
}

export function energy(wh) {
  return wh === null || wh === undefined ? "–" : `${number(wh / 1000, wh < 100000 ? 2 : 1, 1)} kWh`;
}

export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return t("span.seconds", {s: whole});
  if (whole < 3600) return t("span.minutes", {min: Math.floor(whole / 60)});
  if (whole < 86400) return t("span.hours", {h: Math.floor(whole / 3600), min: String(Math.floor((whole % 3600) / 60)).padStart(2, "0")});
  return t("span.days", {d: Math.floor(whole / 86400), h: Math.floor((whole % 86400) / 3600)});
}

function dated(at) {
  const date = at === null || at === undefined ? null : new Date(at);
  return date && !Number.isNaN(date.getTime()) ? date : null;
}

export function clock(at, seconds = false) {
  const date = dated(at);
  if (!date) return "–";
  return date.toLocaleTimeString(chosen, {hour: "2-digit", minute: "2-digit", ...(seconds && {second: "2-digit"}), hourCycle: "h23"});
}

export function day(at) {
  const date = dated(at);
  return date ? date.toLocaleDateString(chosen, {day: "numeric", month: "short", year: "numeric"}) : t("unknown");
}

// The hour today; with its day else.
export function moment(at) {
  const date = dated(at);
  if (!date) return t("unknown");
  return date.toDateString() === new Date().toDateString() ? clock(date) : `${day(date)}, ${clock(date)}`;
}
