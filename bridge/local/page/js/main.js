// Begins: who am I, what do I see, and where in the page.

import {ask, whenLoggedOut} from "./api.js";
import {e, icon, redrawn, say, show} from "./dom.js";
import {choose, clock, span, speak, t, wanted} from "./i18n.js";
import {Live} from "./live.js";
import {card} from "./parts.js";
import {doors} from "./views/doors.js";
import {hardware} from "./views/hardware.js";
import {history} from "./views/history.js";
import {now} from "./views/now.js";
import {ocpp} from "./views/ocpp.js";
import {sessions} from "./views/sessions.js";
import {settings} from "./views/settings.js";

const VIEWS = {now, history, sessions, ocpp, hardware, settings};
const AGAIN_MS = 3000;
const main = document.getElementById("main");
const top = document.getElementById("top");
const nav = document.getElementById("nav");
const page = {who: null, view: null, shown: null, announced: "", wasStale: false};
const live = new Live(heard);

// What every view gets: who looks, the last state, and the ways out.
const context = {
  who: () => page.who,
  seen: () => live.seen,
  enter,
  leave: () => enter(),
  async setLanguage(name) {
    await choose(name);
    begin();
  },
};

async function enter() {
  try {
    page.who = await ask("session");
  } catch (error) {
    away(error);
    return;
  }
  begin();
}

function away(error) {
  if (page.view === null) main.replaceChildren(e("section.card", {}, e("h1", {}, t("away_title")), e("p", {}, error.message), e("p.hint", {}, t("tries_again"))));
  setTimeout(enter, AGAIN_MS);
}

function begin() {
  say(document.getElementById("skip"), t("skip"));
  page.announced = "";
  frame();
  if (page.who.role) live.open(document.documentElement.lang);
  else live.end();
  route(false);
}

function frame() {
  const known = Boolean(page.who.role);
  page.link = e("p.link", {hidden: true});
  page.banner = e("section.mock", {hidden: !page.who.mock, "aria-label": "MOCK"}, e("p", {}, e("strong", {}, "MOCK"), ` ${t("mock")}`));
  page.stale = e("section.stale", {hidden: true, "aria-label": t("nav.connection")});
  top.replaceChildren(
    page.banner,
    e("header", {},
      e("a.brand", {href: "#now"}, e("img", {src: "icon.svg", alt: "", width: 28, height: 28}), e("span", {}, t("brand"))),
      page.link),
    page.stale);
  nav.replaceChildren(...(known ? [e("nav", {"aria-label": t("navigation")}, ...Object.keys(VIEWS).map((name) =>
    e("a", {href: `#${name}`, id: `to-${name}`}, icon(name), e("span", {}, t(`nav.${name}`)))))] : []));
  document.body.classList.toggle("closed", !known);
}

function route(moved = true) {
  if (!page.who) return;
  const asked = location.hash.slice(1);
  const name = asked in VIEWS ? asked : "now";
  page.view?.close?.();
  page.shown = page.who.role ? name : "doors";
  try {
    page.view = page.who.role ? VIEWS[name](context) : doors(context);
    main.replaceChildren(page.view.element);
    page.view.update?.(live);
  } catch (error) {
    broken(error);
  }
  for (const each of Object.keys(VIEWS)) document.getElementById(`to-${each}`)?.toggleAttribute("aria-current", false);
  document.getElementById(`to-${name}`)?.setAttribute("aria-current", "page");
  title();
  if (moved) {
    main.focus({preventScroll: true});
    scrollTo(0, 0);
  }
}

// A view that fails is said; the others go on.
function broken(error) {
  console.error(error);
  page.view = {element: card(t("broken"), e("p", {}, String(error)), e("p.hint", {}, t("broken_hint")))};
  main.replaceChildren(page.view.element);
}

function heard() {
  if (page.wasStale && !live.stale) back();
  page.wasStale = live.stale;
  staleness();
  if (!page.who?.role) return;
  try {
    page.view?.update?.(live);
  } catch (error) {
    broken(error);
  }
  title();
  announce();
}

function staleness() {
  if (!page.stale) return;
  const since = live.heardAt;
  if (live.stale) {
    redrawn(page.stale, [since, document.documentElement.lang], () => [icon("away"), e("p", {}, since === null ? t("stale.never") : t("stale.since", {time: clock(since, true)}))]);
  } else {
    const bridge = live.seen?.bridge;
    redrawn(page.stale, [bridge], () => (bridge && bridge !== "ok" ? [icon("away"), e("p", {}, bridge)] : []));
  }
  show(page.stale, page.stale.hasChildNodes());
  document.body.classList.toggle("is-stale", live.stale);
  if (page.link && live.seen?.state) {
    const {registered, since_s: sinceS} = live.seen.state.link;
    say(page.link, registered ? t("link.short_ok") : t("link.short_away", {span: span(sinceS)}));
    page.link.classList.toggle("ok", registered && !live.stale);
    show(page.link, !live.stale);
  }
}

// The server was away: it may be another version now, whose page is another one.
async function back() {
  const who = await ask("session").catch(() => page.who);
  if (who.version !== page.who.version) location.reload();
  else if (who.role !== page.who.role) enter();
}

function title() {
  const headline = page.shown === "now" ? live.seen?.headline : null;
  document.title = [live.stale ? t("stale.title") : headline ?? (page.shown === "doors" ? null : t(`nav.${page.shown}`)), t("brand")].filter(Boolean).join(" – ");
}

// Read out when it becomes another state, and not for each new number in it.
function announce() {
  const seen = live.seen;
  if (!seen) return;
  const state = seen.state;
  const kind = JSON.stringify([live.stale, seen.bridge, state?.charges, state?.connector.status, state?.why[0]?.id, document.documentElement.lang]);
  if (kind === page.announced) return;
  page.announced = kind;
  const why = seen.why[0];
  say(document.getElementById("announce"), live.stale ? t("stale.title") : [seen.headline, why?.text, why?.what_to_do].filter(Boolean).join(". ").replace(/\.\. /g, ". "));
}

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => route());
whenLoggedOut(() => enter());

try {
  await speak(wanted());
} catch {
  setTimeout(() => location.reload(), AGAIN_MS); // half of the page came: the server went away in between
}
await enter();
