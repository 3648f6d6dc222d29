"""PURE: a reason in words of one language: why, and what to do. What others have put in is made visible."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from bridge.local.why.english import ENGLISH
from bridge.local.why.german import GERMAN
from bridge.local.why.reason import Reason, RemoveFault, Value
from bridge.local.why.tongue import Tongue
from hal.visible import visible

Language = Literal["en", "de"]
TONGUES: dict[Language, Tongue] = {"en": ENGLISH, "de": GERMAN}
MOST = 80  # characters of a text of others within a sentence
_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_NAME = re.compile(r"\{(\w+)\}")


def language_of(*wished: str | None) -> Language:
    """Returns the language of the first name that says something (`de_DE.UTF-8`, `C`, `en`); English else."""
    first = next((each for each in wished if each), "")
    return "de" if re.match(r"de(?![a-z])", first.lower()) else "en"


@dataclass(frozen=True, slots=True)
class Words:
    """Says reasons in one language. `now`: the time; None: nobody knows it. `zone`: of the times that are
    said; None: the machine's own."""

    tongue: Tongue
    now: datetime | None
    zone: tzinfo | None

    def reason(self, reason: Reason) -> str:
        """Returns why, in one or two whole sentences. A reason of a newer version is named by its id."""
        text = self.tongue.reasons.get(reason.id, visible(reason.id.replace("_", " "), MOST) + ".")
        return _begun(self._filled(text, {**self._values(reason), "until": self.moment(reason.until)}))

    def remedy(self, reason: Reason) -> str:
        """Returns what to do about it, in whole sentences."""
        remedy = reason.remedy
        text = self.tongue.remedies.get(type(remedy).__name__, "")
        values: dict[str, str | None] = {"until": self.moment(reason.until)}
        if isinstance(remedy, RemoveFault):
            means = self.tongue.faults.get(remedy.fault)
            values |= {
                "do": means[1] if means is not None else self.tongue.unknown_fault,
                "clears": self.tongue.clears[remedy.clears],
            }
        for name in ("id_tag", "program"):
            value = getattr(remedy, name, None)
            values[name] = visible(value, MOST) if value is not None else None
        return self._filled(text, values)

    def fault(self, fault_id: str) -> tuple[str, str]:
        """Returns what a fault means, and what to do about it."""
        unknown = visible(fault_id.replace("_", " "), MOST), self.tongue.unknown_fault
        means, do = self.tongue.faults.get(fault_id, unknown)
        return _begun(means), do

    def limit(self, name: str, profile_id: int | None) -> str:
        """Returns who sets a limit."""
        values: dict[str, Value] = {} if profile_id is None else {"profile_id": profile_id}
        return self._value("name", name, values).rstrip(",")

    def _values(self, reason: Reason) -> dict[str, str | None]:
        return {name: self._value(name, value, reason.values) for name, value in reason.values.items()}

    def _value(self, name: str, value: Value, values: Mapping[str, Value]) -> str:
        """Puts one value into words, by its name."""
        tongue, text = self.tongue, visible(str(value), MOST)
        match name:
            case "name":
                number = {each: str(values[each]) for each in ("profile_id",) if each in values}
                return self._filled(tongue.limits.get(text, text), number)
            case "fault":
                return tongue.faults[text][0] if text in tongue.faults else text.replace("_", " ")
            case "why":
                return tongue.refusals.get(text, text)
            case "reason":
                return tongue.endings.get(text, text)
            case "standing":
                return tongue.standings.get(text, text)
            case "what":
                return tongue.lacks.get(text, text)
            case _ if name.endswith("_a") and not isinstance(value, str):
                return f"{self.number(value)} A"
            case _:
                return text

    def _filled(self, text: str, values: Mapping[str, str | None]) -> str:
        """Puts the values in; what stands in brackets is left out without them."""

        def put(found: re.Match[str]) -> str:
            return values.get(found[1]) or ""

        def optional(found: re.Match[str]) -> str:
            known = all(values.get(name) for name in _NAME.findall(found[1]))
            return found[1] if known else ""

        return _NAME.sub(put, _OPTIONAL.sub(optional, text))

    def label(self, name: str, **values: str) -> str:
        """Returns a text of the status screen."""
        return self._filled(self.tongue.labels[name], values)

    def number(self, value: float, digits: int = 1) -> str:
        """Writes 16 and 13.5, with the mark of the language."""
        text = f"{value:.{digits}f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", self.tongue.decimal)

    def moment(self, iso: str | None) -> str | None:
        """Writes a moment as one says it: by the hour today, with the day else. None: it is not known."""
        try:
            at = datetime.fromisoformat(iso).astimezone(self.zone) if iso else None
        except (ValueError, OverflowError, OSError):
            return None
        if at is None:
            return None
        time, today = f"{at:%H:%M}", self.now.astimezone(self.zone).date() if self.now is not None else None
        if at.date() == today:
            return time
        if today is not None and at.date() == today + timedelta(days=1):
            return self._filled(self.tongue.tomorrow, {"time": time})
        return self._filled(self.tongue.day, {"date": at.date().isoformat(), "time": time})

    def span(self, seconds: float) -> str:
        """Writes 25 s, 7 min, 3 h 05 min, 4 d 2 h."""
        whole = int(seconds)
        if whole < 60:
            return f"{whole} s"
        if whole < 3600:
            return f"{whole // 60} min"
        if whole < 86_400:
            return f"{whole // 3600} h {whole % 3600 // 60:02} min"
        return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def words(language: Language, at: str | None, zone: tzinfo | None = None) -> Words:
    """Makes the words for a State of that time. Raises KeyError for no language."""
    return Words(TONGUES[language], datetime.fromisoformat(at) if at else None, zone)


def _begun(sentence: str) -> str:
    """Begins a sentence with a capital: a name may stand first that has none."""
    return sentence[:1].upper() + sentence[1:]
