"""PURE: a message in words, English or German, and as the JSON that a broker or a web hook gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from bridge.local.messages.telling import Noted, Said
from bridge.local.messages.troubles import FAULT
from bridge.local.why.words import Language, words
from hal.contract import Clears
from hal.visible import visible

VALUE_MOST = 200  # characters of a text of others


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message. A field is added, never changed: scripts read it."""

    event: Literal["begins", "over"]
    kind: str
    key: str  # the same when it begins and when it is over
    title: str
    text: str
    what_to_do: str
    box: str  # serial number of the box; empty: not known yet
    mock: bool
    at: str | None  # UTC in ISO 8601; None: the box does not know the time


@dataclass(frozen=True, slots=True)
class _Texts:
    """The sentences of one language: by kind what is so, what to do, and that it is over."""

    box: str
    over: str
    begins: Mapping[str, tuple[str, str]]
    ends: Mapping[str, str]


_ENGLISH = _Texts(
    box="Wallbox",
    over="over",
    begins={
        FAULT: ("The box has a fault: {fault}.", "{do}"),
        "bridge_away": (
            "The charge point program does not answer. Nobody can start charging.",
            "Restart the box. If that does not help, evse-bridge doctor says what is wrong.",
        ),
        "central_system_away": (
            "The Central System has been away for a day. What was charged is stored, and is sent when it is "
            "back.",
            "Check network and Central System: evse-bridge doctor says what is wrong.",
        ),
        "reflexes_silent": (
            "The safety program (hal.safety) does not answer, so nothing is switched on.",
            "Restart the box. If that does not help, evse-bridge doctor says what is wrong.",
        ),
        "disk_refuses": (
            "The disk cannot be written. No session starts that could not be stored.",
            "Make room on the disk, or replace the card: evse-bridge doctor says more.",
        ),
        "house_meter_quiet": (
            "The house meter does not answer. Until then the car gets what the owner allows for that.",
            "Check the wires of the house meter: evse-bridge doctor says more.",
        ),
        "dead_letters": (
            "The Central System has refused sessions, or does not answer to them. Undelivered: {number}.",
            "evse-bridge sessions --undelivered lists them, and sends them again.",
        ),
        "update_came_back": (
            "An update did not prove itself. The version before runs again ({at}): {what}",
            "Nothing has to be done now. Read the reason before you update again.",
        ),
    },
    ends={
        FAULT: "The fault has ended: {fault}.",
        "bridge_away": "The charge point program answers again.",
        "central_system_away": "The Central System is back.",
        "reflexes_silent": "The safety program answers again.",
        "disk_refuses": "The disk can be written again.",
        "house_meter_quiet": "The house meter answers again.",
        "dead_letters": "No session is undelivered any more.",
        "update_came_back": "The box has been updated since.",
    },
)
_GERMAN = _Texts(
    box="Wallbox",
    over="vorbei",
    begins={
        FAULT: ("Die Box hat eine Störung: {fault}.", "{do}"),
        "bridge_away": (
            "Das Programm des Ladepunkts antwortet nicht. Niemand kann eine Ladung beginnen.",
            "Starten Sie die Box neu. Hilft das nicht, sagt evse-bridge doctor, was fehlt.",
        ),
        "central_system_away": (
            "Das Backend ist seit einem Tag nicht erreichbar. Was geladen wurde, ist gespeichert und wird "
            "gesendet, sobald es wieder da ist.",
            "Prüfen Sie Netz und Backend: evse-bridge doctor sagt, was fehlt.",
        ),
        "reflexes_silent": (
            "Das Sicherheitsprogramm (hal.safety) antwortet nicht; darum wird nichts eingeschaltet.",
            "Starten Sie die Box neu. Hilft das nicht, sagt evse-bridge doctor, was fehlt.",
        ),
        "disk_refuses": (
            "Auf den Speicher kann nicht geschrieben werden. Keine Ladung beginnt, die nicht gespeichert "
            "werden könnte.",
            "Schaffen Sie Platz oder ersetzen Sie die Karte: evse-bridge doctor sagt mehr.",
        ),
        "house_meter_quiet": (
            "Der Hauszähler antwortet nicht. Bis er es tut, bekommt das Auto nicht mehr, als der Besitzer "
            "für diesen Fall erlaubt.",
            "Prüfen Sie die Leitungen des Hauszählers: evse-bridge doctor sagt mehr.",
        ),
        "dead_letters": (
            "Das Backend hat Ladungen abgelehnt oder antwortet nicht darauf. Nicht zugestellt: {number}.",
            "evse-bridge sessions --undelivered zeigt sie und sendet sie noch einmal.",
        ),
        "update_came_back": (
            "Eine Aktualisierung hat sich nicht bewährt. Die vorige Version läuft wieder ({at}): {what}",
            "Jetzt ist nichts zu tun. Lesen Sie den Grund, bevor Sie wieder aktualisieren.",
        ),
    },
    ends={
        FAULT: "Die Störung ist vorbei: {fault}.",
        "bridge_away": "Das Programm des Ladepunkts antwortet wieder.",
        "central_system_away": "Das Backend ist wieder erreichbar.",
        "reflexes_silent": "Das Sicherheitsprogramm antwortet wieder.",
        "disk_refuses": "Auf den Speicher kann wieder geschrieben werden.",
        "house_meter_quiet": "Der Hauszähler antwortet wieder.",
        "dead_letters": "Alle Ladungen sind zugestellt.",
        "update_came_back": "Die Box wurde seither aktualisiert.",
    },
)
TEXTS: dict[Language, _Texts] = {"en": _ENGLISH, "de": _GERMAN}


def sentence(noted: Noted, language: Language) -> str:
    """Returns what is so, in a sentence. A trouble of another version is named by its kind."""
    text = TEXTS[language].begins.get(noted.kind, (_unknown(noted), ""))[0]
    return _filled(text, noted, language)


def message(said: Said, language: Language, *, box: str, mock: bool, at: str | None) -> Message:
    """Returns the message about a trouble that has begun or is over."""
    texts, noted = TEXTS[language], said.trouble
    name = f"{'MOCK ' * mock}{texts.box} {visible(box)}".rstrip()
    if said.over:
        text, do = texts.ends.get(noted.kind, _unknown(noted)), ""
    else:
        text, do = texts.begins.get(noted.kind, (_unknown(noted), ""))
    return Message(
        event="over" if said.over else "begins",
        kind=noted.kind,
        key=noted.key,
        title=f"{name} ({texts.over})" if said.over else name,
        text=_filled(text, noted, language),
        what_to_do=_filled(do, noted, language),
        box=box,
        mock=mock,
        at=at,
    )


def _unknown(noted: Noted) -> str:
    return f"{visible(noted.kind.replace('_', ' '))}."


def _filled(text: str, noted: Noted, language: Language) -> str:
    for name, value in _values(noted, language).items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _values(noted: Noted, language: Language) -> dict[str, str]:
    """Returns the values in words of the language; what others have put in is made visible."""
    values = {name: visible(value, VALUE_MOST) for name, value in noted.values}
    if noted.kind != FAULT or "fault" not in values:
        return values
    tongue, clears = words(language, None).tongue, values.get("clears", "")
    means = tongue.faults.get(values["fault"])
    ends: Mapping[Clears, str] = tongue.clears
    how = next((text for each, text in ends.items() if each == clears), "")
    do = means[1] if means is not None else tongue.unknown_fault
    meaning = means[0] if means is not None else values["fault"].replace("_", " ")
    return {"fault": meaning, "do": f"{do} {how}".rstrip()}
