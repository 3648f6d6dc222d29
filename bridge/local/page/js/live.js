// The state, live. A stream that breaks is opened again; listeners are told since when it is stale.

import {ask, link} from "./api.js";

const QUIET_MS = 20000; // a stream says something each second
const FIRST_MS = 1000;
const MOST_MS = 15000;

export class Live {
  constructor(listener) {
    this.listener = listener; // called with {seen, heardAt, stale}
    this.seen = null;
    this.heardAt = null;
    this.stale = false;
    this.wait = FIRST_MS;
    this.generation = 0;
    this.watch = setInterval(() => this.look(), 2000);
    document.addEventListener("visibilitychange", () => this.visible());
  }

  open(language) {
    this.close();
    this.language = language;
    this.openedAt = Date.now();
    this.stream = new EventSource(link(`events?language=${language}`));
    this.stream.addEventListener("state", (event) => this.take(event.data));
    this.stream.addEventListener("error", () => this.lost());
  }

  close() {
    this.generation += 1; // what is still under way for the stream before this counts no more
    clearTimeout(this.again);
    this.stream?.close();
    this.stream = null;
  }

  // Nobody may look: what was seen is forgotten too.
  end() {
    this.close();
    this.language = null;
    this.seen = null;
    this.heardAt = null;
    this.stale = false;
  }

  take(text) {
    let seen;
    try {
      seen = JSON.parse(text);
    } catch {
      return;
    }
    this.seen = seen;
    this.heardAt = Date.now();
    this.stale = false;
    this.wait = FIRST_MS;
    this.listener(this);
  }

  // The browser's own retry gives up for ever after some answers: we do it ourselves. A server that has no
  // stream for us may still say how it stands.
  async lost() {
    if (!this.stream) return;
    this.close();
    const mine = this.generation;
    const seen = await ask(`state?language=${this.language}`).catch(() => null);
    if (mine !== this.generation) return;
    this.again = setTimeout(() => this.open(this.language), this.wait);
    this.wait = Math.min(this.wait * 2, MOST_MS);
    this.stale = seen === null;
    if (seen !== null) {
      this.seen = seen;
      this.heardAt = Date.now();
    }
    this.listener(this);
  }

  look() {
    if (this.stream && Date.now() - Math.max(this.heardAt ?? 0, this.openedAt) > QUIET_MS) this.lost();
    else if (this.stale) this.listener(this);
  }

  visible() {
    if (document.visibilityState !== "visible" || !this.language) return;
    this.wait = FIRST_MS;
    if (this.stale) this.open(this.language);
    else this.look();
  }
}
