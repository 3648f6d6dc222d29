// Fields of a password, and what is looked at before it is sent.

import {e} from "../dom.js";
import {t} from "../i18n.js";

export function passwordField(autocomplete) {
  return e("input", {type: "password", autocomplete, maxlength: 256, required: true});
}

export function checked(password, again) {
  if (password.value !== again.value) {
    again.focus();
    throw new Error(t("password.differ"));
  }
}
