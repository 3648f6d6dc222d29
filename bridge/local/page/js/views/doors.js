// Before anybody is known: the password of the first start, or the login.

import {ask} from "../api.js";
import {e, field} from "../dom.js";
import {LANGUAGES, language, t} from "../i18n.js";
import {choices, form} from "../parts.js";
import {checked, passwordField} from "./password.js";

export function doors(context) {
  const first = !context.who().password_set;
  const inner = first ? firstStart(context) : login(context);
  return {element: e("div.door", {}, e("section.card", {}, e("h1", {}, t(first ? "first.title" : "login.title")), ...inner),
    choices("language", t("language"), LANGUAGES, language(), context.setLanguage))};
}

function firstStart(context) {
  const local = context.who().local;
  const code = e("input", {autocomplete: "one-time-code", autocapitalize: "characters", spellcheck: "false", maxlength: 64, required: true});
  const [password, again] = [passwordField("new-password"), passwordField("new-password")];
  const work = async () => {
    checked(password, again);
    await ask("password", "POST", {...(!local && {code: code.value.trim()}), password: password.value});
    await context.enter();
  };
  return [
    e("p", {}, t("first.text")),
    form([local ? null : field(t("first.code"), code, t("first.code_hint")), field(t("password.new"), password, t("password.hint")), field(t("password.again"), again)].filter(Boolean), t("first.set"), work),
  ];
}

function login(context) {
  const password = passwordField("current-password");
  const work = async () => {
    await ask("session", "POST", {password: password.value});
    password.value = "";
    await context.enter();
  };
  return [
    e("p", {}, t("login.text")),
    // Password stores want a name beside the password.
    form([e("input.unseen", {type: "text", name: "username", autocomplete: "username", value: "owner", tabindex: -1, "aria-hidden": "true"}), field(t("password"), password)], t("login.enter"), work),
    e("p.hint", {}, t("login.forgotten")),
  ];
}
