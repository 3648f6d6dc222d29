// The Central System: the link, profiles, keys, frames.

import {ask, link, order} from "../api.js";
import {e, field, redrawn, say, show} from "../dom.js";
import {clock, moment, span, t} from "../i18n.js";
import {action, calmly, card, choices, facts, fetched, note, sure} from "../parts.js";
import {profileRow} from "./profiles.js";

const MOST_FRAMES = 500;
const SHOWN = 100; // whoever wants another one searches for it
const LOOK_MS = 3000;

export function ocpp(context) {
  const standing = linkFacts();
  const update = (live) => live.seen?.state && standing.update(live.seen.state);
  if (context.who().role !== "installer") {
    return {element: e("div", {}, e("h1", {}, t("nav.ocpp")), standing.element, e("p.hint", {}, t("installer_only"))), update};
  }
  const profiles = e("div", {});
  const anew = fetched(profiles, () => ask("profiles"), (found) => profilesOf(found, () => anew()));
  const keys = e("div", {});
  fetched(keys, () => ask("keys"), keysOf);
  const frames = framesOf();
  const element = e("div", {}, e("h1", {}, t("nav.ocpp")), standing.element, card(t("profiles.title"), profiles), card(t("keys.title"), keys), frames.element);
  return {element, close: frames.close, update};
}

function linkFacts() {
  const names = ["state", "since", "heard", "waiting", "dead"];
  const list = facts(names.map((name) => [name, t(`link.${name}`)]));
  function update({link: at, queue}) {
    list.set("state", t(at.registered ? "link.registered" : at.connected ? "link.connected" : "link.away"));
    list.set("since", at.since_s === null ? t("link.never") : `${moment(at.since)} (${span(at.since_s)})`);
    list.set("heard", at.heard_s === null ? t("link.never") : t("link.ago", {span: span(at.heard_s)}));
    list.set("waiting", queue === null ? t("unknown") : queue.waiting === 0 ? t("link.nothing") : String(queue.waiting));
    list.set("dead", queue === null ? t("unknown") : queue.dead_letters === 0 ? t("link.none") : String(queue.dead_letters));
  }
  return {element: card(t("link.title"), list.element), update};
}

function profilesOf(found, anew) {
  if (found.why) return e("p", {}, found.why);
  if (!found.profiles.length) return e("p.hint", {}, t("profiles.none"));
  return e("ul.plain", {}, ...found.profiles.map((profile) => e("li.profile", {}, ...profileRow(profile, found),
    action(t("profiles.delete"), async () => {
      if (!(await sure(t("profiles.sure", {id: profile.profile_id}), t("profiles.delete")))) return;
      await order(`profiles/${profile.profile_id}`, "DELETE");
      note(t("profiles.deleted", {id: profile.profile_id}));
      anew();
    }))));
}

function keysOf({keys, why}) {
  if (why) return e("p", {}, why);
  const text = e("input", {type: "search", autocomplete: "off"});
  const count = e("p.hint", {role: "status"});
  const items = keys.map((key) => e("li.key", {},
    e("div.row.spread", {}, e("strong", {}, key.name), e("span.tag", {}, t(`keys.${key.source}`))),
    e("p.mono", {}, key.value === null ? t("keys.secret") : key.value === "" ? t("keys.empty") : key.value),
    e("p.hint", {lang: "en"}, key.meaning_en),
    e("p.hint", {}, key.readonly ? t("keys.readonly") : key.allowed ? t("keys.allowed", {words: key.allowed}) : "")));
  const draw = () => {
    const wanted = text.value.trim().toLowerCase();
    const shown = keys.map((key) => `${key.name} ${key.value ?? ""} ${key.meaning_en}`.toLowerCase().includes(wanted));
    items.forEach((item, index) => show(item, shown[index]));
    say(count, t("keys.count", {count: shown.filter(Boolean).length, all: keys.length}));
  };
  text.addEventListener("input", calmly(draw));
  draw();
  return [field(t("keys.search"), text), count, e("ul.plain.columns", {}, ...items)];
}

function framesOf() {
  const kept = [];
  let [newest, direction, timer] = [0, "both", 0];
  const text = e("input", {type: "search", autocomplete: "off"});
  const count = e("p.hint", {});
  const list = e("ul.plain", {});
  const trouble = e("p.trouble", {hidden: true});
  const draw = () => {
    const wanted = text.value.trim().toLowerCase();
    const found = kept.filter((frame) => (direction === "both" || frame.direction === direction) && `${frame.action} ${frame.identity} ${frame.payload}`.toLowerCase().includes(wanted));
    say(count, t("frames.count", {count: found.length, all: kept.length}));
    const drawn = found.slice(0, SHOWN);
    redrawn(list, drawn.map((frame) => frame.number), () => drawn.map(frameOf));
  };
  const look = async () => {
    try {
      for (let page = 0; page < 20; page += 1) {
        const found = await ask(`frames?after=${newest}`);
        if (found.newest !== undefined && found.newest < newest) { // the bridge has begun anew
          kept.length = 0;
          newest = 0;
          continue;
        }
        if (!found.frames.length) break;
        newest = found.frames.at(-1).number;
        kept.unshift(...found.frames.toReversed());
        kept.length = Math.min(kept.length, MOST_FRAMES);
      }
      show(trouble, false);
    } catch (error) {
      say(trouble, error.message);
      show(trouble, true);
    }
    draw();
  };
  const tick = async () => {
    // A frame that somebody reads stays where it is.
    if (document.visibilityState === "visible" && !list.querySelector("details[open]")) await look();
    timer = timer === null ? null : setTimeout(tick, LOOK_MS);
  };
  tick();
  text.addEventListener("input", calmly(draw));
  const element = card(t("frames.title"), e("p.hint", {}, t("frames.about")),
    e("div.filters", {}, field(t("frames.search"), text),
      choices("direction", t("frames.direction"), {both: t("frames.both"), sent: t("frames.sent"), received: t("frames.received")}, direction, (value) => {
        direction = value;
        draw();
      })),
    e("div.row.spread", {}, count, e("a.button", {href: link("frames.txt"), download: "frames.txt"}, t("frames.download"))),
    trouble, list);
  return {element, close: () => {
    clearTimeout(timer);
    timer = null;
  }};
}

function frameOf(frame) {
  const sent = frame.direction === "sent";
  return e("li", {}, e("details.frame", {},
    e("summary", {}, e("span.time", {}, clock(frame.at, true)),
      e(sent ? "span.way.sent" : "span.way", {}, sent ? "→" : "←", e("span.unseen", {}, t(sent ? "frames.sent" : "frames.received"))),
      e("span.action", {}, frame.action || t("frames.unknown")), e("span.tag", {}, t(`frames.kind.${frame.kind}`))),
    e("pre", {tabindex: 0}, pretty(frame.payload)), e("p.hint", {}, frame.identity)));
}

function pretty(payload) {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload; // it was cut, or is none
  }
}
