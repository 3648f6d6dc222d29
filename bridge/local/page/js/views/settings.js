// Language, price, password, tokens, and the way out.

import {ask} from "../api.js";
import {e, field} from "../dom.js";
import {LANGUAGES, language, money, moment, t} from "../i18n.js";
import {action, card, choices, fetched, form, note, sure, table} from "../parts.js";
import {checked, passwordField} from "./password.js";

const CURRENCIES = ["EUR", "CHF", "GBP", "USD", "DKK", "SEK", "NOK", "PLN", "CZK", "HUF"];

export function settings(context) {
  const who = context.who();
  const parts = [
    card(t("language"), choices("language", t("language"), LANGUAGES, language(), context.setLanguage)),
    priceCard(),
    passwordCard(who),
    who.role === "installer" ? tokensCard() : "",
    who.role === "installer" && who.password_set ? secondCard() : "",
    card(t("settings.about"),
      e("dl.facts", {}, fact(t("settings.version"), who.version), fact(t("settings.role"), t(`role.${who.role}`))),
      who.password_set ? action(t("settings.leave"), async () => {
        await ask("session", "DELETE");
        context.leave();
      }) : ""),
  ];
  return {element: e("div", {}, e("h1", {}, t("nav.settings")), e("div.two", {}, ...parts))};
}

const fact = (name, value) => e("div", {}, e("dt", {}, name), e("dd", {}, value));

function priceCard() {
  const place = e("div", {});
  fetched(place, () => ask("price"), ({price}) => {
    const amount = e("input", {inputmode: "decimal", autocomplete: "off", value: price === null ? "" : String(price.per_kwh).replace(".", language() === "de" ? "," : ".")});
    const currency = e("select", {}, ...[...new Set([price?.currency ?? "EUR", ...CURRENCIES])].map((each) => e("option", {value: each}, each)));
    currency.value = price?.currency ?? "EUR";
    return form([e("div.row", {}, field(t("price.amount"), amount), field(t("price.currency"), currency))], t("save"), async () => {
      const perKwh = Number(amount.value.trim().replace(",", "."));
      if (!amount.value.trim() || !Number.isFinite(perKwh) || perKwh < 0) {
        amount.focus();
        throw new Error(t("price.wrong"));
      }
      await ask("price", "PUT", {per_kwh: perKwh, currency: currency.value});
      note(t("price.done", {price: money(perKwh, currency.value)}));
    }, "button");
  });
  return card(t("price.title"), e("p.hint", {}, t("price.about")), place);
}

function passwordCard(who) {
  const old = passwordField("current-password");
  const [password, again] = [passwordField("new-password"), passwordField("new-password")];
  const fields = [who.password_set ? field(t("password.old"), old) : null, field(t("password.new"), password, t("password.hint")), field(t("password.again"), again)];
  const work = async () => {
    checked(password, again);
    await ask("password", "POST", {...(who.password_set && {old: old.value}), password: password.value});
    for (const each of [old, password, again]) each.value = "";
    note(t("password.done"));
  };
  return card(t("password.title"), who.password_set ? "" : e("p.trouble", {}, t("password.unset")), form(fields.filter(Boolean), t("save"), work, "button"));
}

// The installer's password opens all; a second one is for who only charges.
function secondCard() {
  const [old, password, again] = [passwordField("current-password"), passwordField("new-password"), passwordField("new-password")];
  const work = async () => {
    checked(password, again);
    await ask("password", "POST", {old: old.value, password: password.value, role: "owner"});
    for (const each of [old, password, again]) each.value = "";
    note(t("second.done"));
  };
  return card(t("second.title"), e("p.hint", {}, t("second.about")), form([field(t("password.old"), old), field(t("second.new"), password, t("password.hint")), field(t("password.again"), again)], t("save"), work, "button"));
}

function tokensCard() {
  const place = e("div", {});
  const shown = e("div", {role: "status"});
  const again = fetched(place, () => ask("tokens"), ({tokens}) => (tokens.length ? table(t("tokens.title"), [t("tokens.name"), t("tokens.since"), t("tokens.remove")], tokens.map((each) => [
    each.name, moment(each.created),
    action(t("tokens.remove"), async () => {
      if (!(await sure(t("tokens.sure", {name: each.name}), t("tokens.remove")))) return;
      await ask(`tokens/${encodeURIComponent(each.id)}`, "DELETE");
      again();
    }),
  ])) : e("p.hint", {}, t("tokens.none"))));
  const name = e("input", {autocomplete: "off", maxlength: 40, required: true});
  const make = form([field(t("tokens.name"), name)], t("tokens.make"), async () => {
    if (!name.value.trim()) {
      name.focus();
      throw new Error(t("tokens.unnamed"));
    }
    const made = await ask("tokens", "POST", {name: name.value.trim(), role: "owner"});
    name.value = "";
    shown.replaceChildren(e("p", {}, t("tokens.once")), e("p.mono", {}, made.token));
    again();
  }, "button");
  return card(t("tokens.title"), e("p.hint", {}, t("tokens.about")), place, shown, make);
}
