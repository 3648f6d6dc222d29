"""What setup asks, in its order, and how an answer becomes a value. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bridge.boot.boards import Board
from bridge.setup.draft import CHARGE_POINT, NONE, PARTS, WALLBOX, Draft

Kind = Literal["number", "text", "yes", "secret"]
EXAMPLE_HOST = "central-system.example"  # of a new file's address: nobody is there

# What a builder wires as docs/wiring.md shows it; else each pin is asked for.
PINS = (
    ("pilot.pin", "GPIO of the pilot's PWM: 12, 13, 18 or 19", 18),
    ("contactor.pin", "GPIO that closes the contactor", 17),
    ("contactor.mirror_pin", "GPIO of the mirror contact", 27),
    ("lock.forward_pin", "GPIO that locks the plug", 23),
    ("lock.backward_pin", "GPIO that unlocks the plug", 24),
    ("lock.feedback_pin", "GPIO of the lock's feedback", 25),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one key. `usual`: its default where the files say nothing."""

    key: str
    text: str
    kind: Kind = "text"
    usual: Any = None
    optional: bool = False  # "none" takes the key away
    asked: Callable[[Draft], bool] = lambda _draft: True

    def default(self, draft: Draft) -> Any:
        """Returns the value of the draft, else the usual one; None: there is none."""
        value = draft.value(self.key)
        if value in (None, "") or EXAMPLE_HOST in str(value):
            return NONE if self.optional and self.usual is None else self.usual
        return value

    def value(self, said: str) -> Any:
        """Makes a value of the words. What cannot be one stays text, and is refused as any wrong value."""
        if self.optional and said.lower() in (NONE, "no", "-"):
            return None
        match self.kind:
            case "number":
                return _number(said)
            case "yes":
                return {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}.get(
                    said.lower(), said
                )
            case _:
                return said

    def answered(self, draft: Draft, value: Any) -> Draft:
        """Returns the draft with that value; without its whole part, if this box has none."""
        section, _, _ = self.key.rpartition(".")
        part = section.partition(".")[2]
        return draft.given(section if value is None and part in PARTS else self.key, value)


def shown(value: Any) -> str:
    """Writes a default as a person would type it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(said: str) -> Any:
    for kind in (int, float):
        try:
            return kind(said.replace(",", "."))
        except ValueError:
            continue
    return said


def _wallbox(key: str) -> str:
    return f"{WALLBOX}.{key}"


def wired_as_shown(draft: Draft) -> bool:
    """Says whether no pin of the draft is another than in docs/wiring.md."""
    return all(draft.value(_wallbox(key)) in (None, usual) for key, _, usual in PINS)


def wiring_lines(draft: Draft) -> Iterator[str]:
    """Shows the wiring of the documentation."""
    for key, text, usual in PINS:
        if not (key.startswith("lock.") and _fixed(draft)):
            what = text.partition(":")[0].removeprefix("GPIO ").removeprefix("of ").removeprefix("that ")
            yield f"  GPIO {usual:<2}  {what}"


def pins() -> tuple[Question, ...]:
    """Asks for each pin."""
    return tuple(
        Question(
            _wallbox(key), text, "number", usual, asked=_has_motor if key.startswith("lock.") else _always
        )
        for key, text, usual in PINS
    )


def _always(_draft: Draft) -> bool:
    return True


def _has_motor(draft: Draft) -> bool:
    """Says whether there is one; the pins of a lock of another kind are of a hand-made file."""
    lock = draft.value("wallbox.lock")
    return lock is not None and lock.get("kind", "motor") == "motor"


def _fixed(draft: Draft) -> bool:
    return bool(draft.value("wallbox.cable.kind") == "fixed")


def box() -> tuple[Question, ...]:
    """Asks what the mains and the cable are."""
    return (
        Question(
            _wallbox("installation.max_current_a"),
            "Greatest current that breaker and installed cable allow, in ampere",
            "number",
            16,
        ),
        Question(_wallbox("installation.phases"), "Phases that reach the car: 1 or 3", "number", 3),
        Question(_wallbox("cable.kind"), "Has the box a Type 2 socket or a fixed cable: socket or fixed"),
        Question(
            _wallbox("cable.rating_a"), "Rating of the fixed cable, in ampere: 13, 20, 32 or 63", "number",
            32, asked=_fixed,
        ),
        Question(
            _wallbox("rcm.pin"), "GPIO of the residual current monitor's healthy contact, or none", "number",
            optional=True,
        ),
        Question(
            _wallbox("contactor.watchdog_pin"), "GPIO of the external watchdog line, or none", "number",
            optional=True,
        ),
    )  # fmt: skip


def meter() -> tuple[Question, ...]:
    """Asks for the meter that was not found."""
    return (
        Question(_wallbox("meter.model"), "Make of the energy meter"),
        Question(_wallbox("meter.port"), "Its serial port, or tcp://HOST:PORT"),
    )


READER = Question(
    _wallbox("reader.model"), "Card reader: rdm6300, id12la, pn532, line, or none", optional=True
)
READER_PORT = Question(
    _wallbox("reader.port"), "Its serial port", asked=lambda draft: draft.value("wallbox.reader") is not None
)
THERMOMETER = "Is there a thermometer (DS18B20) at the contacts?"
HEADER = "What is on the serial port of the header (GPIO 14 and 15): reader, meter or none"


def charge_point(board: Board | None, serial: str) -> tuple[Question, ...]:
    """Asks who this charge point is. `serial`: of the board."""
    number = f"EVSE{serial[-8:].upper()}" if board is not None and serial else None
    return (
        _point("charge_point.id", "Name of this charge point at the Central System", usual=number),
        _point("charge_point.serial_number", "Serial number of this box", usual=number),
        _point("central_system.url", "Address of the Central System: ws://... or wss://..."),
        _point("central_system.password", "Password for it, not shown", "secret"),
        _point("zaptec.authorization_required", "Must a card be shown before each charge?", "yes", True),
    )


def _point(key: str, text: str, kind: Kind = "text", usual: Any = None) -> Question:
    return Question(f"{CHARGE_POINT}.{key}", text, kind, usual, optional=kind == "secret")
