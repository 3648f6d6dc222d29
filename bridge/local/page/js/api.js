// The only place that talks to the server, but for the stream of events in live.js.

import {t} from "./i18n.js";

const BASE = "api/v1/";
const PATIENCE_MS = 20000;
let csrf = "";
let onForbidden = () => {};

// `message` is fit to be shown; `status` 0: the server did not answer.
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function whenLoggedOut(tell) {
  onForbidden = tell;
}

export async function ask(path, method = "GET", body = undefined, again = true) {
  const answer = await sent(path, method, body);
  const found = await read(answer);
  if (answer.ok) {
    if (found?.csrf) csrf = found.csrf;
    return found;
  }
  if (answer.status === 401 && path !== "session" && path !== "password") onForbidden();
  const error = found?.error ?? {};
  if (error.code === "csrf" && again) { // the server has begun anew
    await ask("session");
    return ask(path, method, body, false);
  }
  throw new Refused(answer.status, error.code ?? "", error.message || t("refused", {status: answer.status}));
}

async function sent(path, method, body) {
  const headers = {Accept: "application/json"};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  try {
    return await fetch(BASE + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
      cache: "no-store",
    });
  } catch {
    throw new Refused(0, "away", t("away"));
  }
}

async function read(answer) {
  try {
    return await answer.json();
  } catch {
    return null; // no body, or one of a proxy
  }
}

// An order whose reply may still say no. Raises Refused.
export async function order(path, method, body = {}) {
  const reply = await ask(path, method, body);
  if (reply && "status" in reply && reply.status !== "Accepted") {
    throw new Refused(200, "rejected", reply.why || reply.status || t("rejected"));
  }
  return reply;
}

export const link = (path) => BASE + path;
