"""PURE: makes lines of the timeline from changes and frames.

time | car and pilot | card | contactor, amps, kWh | OCPP
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bridge.central_system.frames import Call, CallError, CallResult, Frame
from bridge.demo.present import Present

HOLD_S = 0.15  # a line waits so long for one of an earlier moment: the sources are not equally quick
WIDE = 100  # columns
AMPS_STEP_A = 1.0  # a smaller change of the current is no line of its own
TO_CENTRAL_SYSTEM, TO_CHARGE_POINT = "→", "←"
HEADING = (" time", "car and pilot", "card", "contactor A kWh", "OCPP (→ to the Central System)")

_CAR = {  # before, after
    ("plugged in", "asks for energy"): "car wants energy",
    ("asks for energy", "plugged in"): "car stops",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the timeline; the columns in which nothing happened are empty."""

    at_s: float
    car: str = ""
    card: str = ""
    power: str = ""
    ocpp: str = ""


class Timeline:
    """Sorts rows by time."""

    def __init__(self) -> None:
        self._waiting: list[Row] = []

    def add(self, *rows: Row) -> None:
        """Accepts rows in any order of time."""
        self._waiting += rows

    def due(self, now_s: float) -> list[Row]:
        """Returns those that have waited long enough, the oldest first; all at `now_s` = infinity."""
        self._waiting.sort(key=lambda row: row.at_s)
        count = sum(row.at_s + HOLD_S <= now_s for row in self._waiting)
        due, self._waiting = self._waiting[:count], self._waiting[count:]
        return due


def changes(before: Present, after: Present, at_s: float) -> list[Row]:
    """Says what is shown of a message: levels are compared, so a repeated one shows nothing."""
    rows = [Row(at_s, car=text) for text in (*_car(before, after), *_box(before, after))]
    if after.card is not None and after.cards != before.cards:
        rows.append(Row(at_s, card=after.card.id))
    if after.plant.contactor_closed != before.plant.contactor_closed:
        rows.append(Row(at_s, power=f"contactor {'CLOSES' if after.plant.contactor_closed else 'OPENS'}"))
    if abs(after.current_a - before.current_a) >= AMPS_STEP_A:
        rows.append(Row(at_s, power=power(after)))
    return rows


def _car(before: Present, after: Present) -> Iterator[str]:
    """Shows the plant: what the car does and what is on its pilot."""
    was, now = before.plant, after.plant
    if was.car != now.car:
        if "away" in (was.car, now.car):
            yield "car leaves" if now.car == "away" else "car plugs in"
        else:
            yield _CAR[was.car, now.car]
    if was.pilot != now.pilot:
        yield f"pilot: {_offer(now.pilot)}"
    if was.power != now.power:
        yield "POWER IS BACK" if now.power else "POWER CUT"
    yield from (f"breaks: {name}" for name in now.faults if name not in was.faults)
    yield from (f"mended: {name}" for name in was.faults if name not in now.faults)


def _box(before: Present, after: Present) -> Iterator[str]:
    """Shows what `hal.safety` makes of it."""
    was, now = before.status, after.status
    if was is None or now is None:
        return
    if was.vehicle != now.vehicle:
        yield f"pilot: state {now.vehicle}"
    if was.lock != now.lock and now.lock in ("locked", "unlocked"):
        yield "cable locked" if now.lock == "locked" else "cable released"
    known = {fault.id for fault in was.faults}
    yield from (f"FAULT {fault.id}" for fault in now.faults if fault.id not in known)


def _offer(pilot: str | float | None) -> str:
    if isinstance(pilot, float) and pilot:
        return f"{pilot:g} A"
    return "not ready" if pilot == "F" else "no offer"


def power(present: Present) -> str:
    """Writes what the meter reads."""
    return f"{present.current_a:4.1f} A {present.session_kwh:.2f} kWh"


def said(
    at_s: float, frame: Frame | None, action: str | None, *, by_us: bool, present: Present
) -> Row | None:
    """Writes a frame in short; `by_us`: the charge point's. None for an answer that says no more than yes."""
    arrow = TO_CENTRAL_SYSTEM if by_us else TO_CHARGE_POINT
    match frame:
        case Call(_, action, payload):
            beside = power(present) if action == "MeterValues" else ""
            return Row(at_s, power=beside, ocpp=f"{arrow} {action} {_request(action, payload)}".rstrip())
        case CallResult(_, payload):
            answer = _answer(payload)
            return Row(at_s, ocpp=f"{arrow} {answer}") if answer else None
        case CallError(code=code):
            return Row(at_s, ocpp=f"{arrow} {action}: {code}")
        case None:
            return Row(at_s, ocpp=f"{arrow} (not readable)")


def _status(payload: dict[str, Any]) -> str:
    error = "" if payload["errorCode"] == "NoError" else f" ({payload['errorCode']})"
    return f"{payload['connectorId']} {payload['status']}{error}"


def _energy(payload: dict[str, Any]) -> str:
    values = [value for element in payload["meterValue"] for value in element["sampledValue"]]
    energies = [
        f"{value['value']} {value.get('unit', 'Wh')}"
        for value in values
        if value.get("measurand", "").startswith("Energy.")
    ]
    return ", ".join(energies)


_REQUESTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "Authorize": lambda payload: payload["idTag"],
    "BootNotification": lambda payload: payload["chargePointModel"],
    "MeterValues": _energy,
    "StartTransaction": lambda payload: f"{payload['meterStart']} Wh",
    "StatusNotification": _status,
    "StopTransaction": lambda payload: f"{payload['meterStop']} Wh, {payload.get('reason', 'Local')}",
}


def _request(action: str, payload: dict[str, Any]) -> str:
    """Writes a request; a frame may be broken in any way: then its name must do."""
    try:
        return _REQUESTS[action](payload) if action in _REQUESTS else ""
    except (KeyError, TypeError, AttributeError):
        return "(not readable)"


def _answer(payload: dict[str, Any]) -> str:
    of_tag = payload.get("idTagInfo")
    words = [
        f"transaction {payload['transactionId']}" if "transactionId" in payload else "",
        str(of_tag.get("status", "")) if isinstance(of_tag, dict) else "",
        str(payload.get("status", "")),
        f"every {payload['interval']} s" if "interval" in payload else "",
    ]
    return ", ".join(word for word in words if word)


def widths(columns: int) -> tuple[int, ...]:
    """Returns those of the five columns; OCPP gets what is left."""
    fixed = (5, 22, 11, 18) if columns >= WIDE else (5, 16, 10, 16)
    return (*fixed, max(20, columns - sum(fixed) - len(_gap(columns)) * len(fixed)))


def _gap(columns: int) -> str:
    return "  " if columns >= WIDE else " "


def laid_out(texts: tuple[str, ...], columns: int) -> list[list[str]]:
    """Returns the five texts as lines of five cells, each with the gap behind it; long texts go on below."""
    wide = widths(columns)
    wrapped = [
        textwrap.wrap(text, width, subsequent_indent="  ") or [""]
        for text, width in zip(texts, wide, strict=True)
    ]
    gap = _gap(columns)
    return [
        [
            (cell[line] if line < len(cell) else "").ljust(width) + gap
            for cell, width in zip(wrapped, wide, strict=True)
        ]
        for line in range(max(len(cell) for cell in wrapped))
    ]


def texts(row: Row, zero_s: float) -> tuple[str, ...]:
    """Returns the five columns of a row; the time since `zero_s`."""
    return (f"{row.at_s - zero_s:5.1f}", row.car, row.card, row.power, row.ocpp)


def now_line(present: Present) -> str:
    """Writes the present in one line."""
    plant, status = present.plant, present.status
    vehicle = status.vehicle if status is not None else "?"
    lock = (status.lock or "fixed cable") if status is not None else "?"
    contactor = "CLOSED" if plant.contactor_closed else "open"
    pilot = f"pilot {vehicle}, {_offer(plant.pilot)}"
    return " │ ".join((f"car {plant.car}", pilot, lock, contactor, power(present).strip()))
