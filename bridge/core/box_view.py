"""What the bridge knows about the wallbox at this moment."""

from __future__ import annotations

import json
from dataclasses import dataclass

import msgspec

from bridge.core.rows import Phases
from hal.contract import (
    FRESH_S,
    SILENT_S,
    Box,
    Fault,
    House,
    HouseReading,
    Reading,
    Status,
    Temperatures,
)

SETTLE_S = 3.0  # after a start of `hal.safety` a missing car is not yet believed
FULL_A = 80.0  # asks for all there is, until the box has said what its installation allows


@dataclass(frozen=True, slots=True)
class PlugIn:
    """A plug-in, by the number that this start of `hal.safety` gave it."""

    start_id: str
    number: int

    def text(self, row_id: int) -> str:
        """Returns the text that is remembered."""
        return json.dumps([row_id, self.start_id, self.number])

    @classmethod
    def of(cls, text: str | None, row_id: int) -> PlugIn | None:
        """Reads the text of this row; None: it is not known. Raises msgspec.DecodeError for another form."""
        if text is None:
            return None
        of_row, start_id, number = msgspec.json.decode(text, type=tuple[int, str, int])
        return cls(start_id, number) if of_row == row_id else None


@dataclass(frozen=True, slots=True)
class Supply:
    """What a meter value needs to know about the wallbox besides the reading."""

    phases: int
    nominal_voltage_v: float
    offered_a: float
    contacts_c: float | None = None  # None: no thermometer, or not fresh

    def mean_voltage_v(self, voltage_v: Phases) -> float:
        """Returns the mean of phases with voltage, else nominal: 0 V never becomes "no power offered"."""
        live = [volts for volts in voltage_v[: self.phases] if volts > 0.5 * self.nominal_voltage_v]
        return sum(live) / len(live) if live else self.nominal_voltage_v


Level = Status | Reading | HouseReading | Temperatures | Box  # the present state: the last of each counts


class BoxView:
    """Holds the newest message of each kind from `hal`.

    `hal.safety` alone judges whether a meter or card reader is lost, in `Status.faults`; a silent
    `hal.instruments` is a lost meter there. The one silence judged here is that of `hal.safety` (`alive`):
    nothing is known then, and its last faults stand.
    """

    def __init__(self) -> None:
        self.box: Box | None = None
        self.status: Status | None = None
        self.reading: Reading | None = None
        self.house_reading: HouseReading | None = None
        self.temperatures: Temperatures | None = None
        self.offering_since_s: float | None = None  # None: the pilot offers nothing
        self._start_seen_s = 0.0
        self._listening_since_s: float | None = None

    def feed(self, message: Level, now_s: float) -> None:
        """Keeps a message of the socket: of each kind the last counts."""
        match message:
            case Status():
                self._feed_status(message, now_s)
            case Reading():
                self.reading = message
            case HouseReading():
                self.house_reading = message
            case Temperatures():
                self.temperatures = message
            case Box():
                self.box = message

    def _feed_status(self, status: Status, now_s: float) -> None:
        """Keeps when this start of `hal.safety` was first seen, and since when the pilot offers current."""
        if self.status is None or self.status.start_id != status.start_id:
            self._start_seen_s = now_s
        self.status = status
        if not self.offered_a:
            self.offering_since_s = None
        elif self.offering_since_s is None:
            self.offering_since_s = now_s

    def watch(self, now_s: float) -> None:
        """Notes at every step since when this program listens."""
        if self._listening_since_s is None:
            self._listening_since_s = now_s

    def alive(self, now_s: float) -> bool:
        """Says whether `hal.safety` has been heard within 3 s."""
        return self.status is not None and now_s - self.status.at_s <= SILENT_S

    def silent_s(self, now_s: float) -> float:
        """Returns how long `hal.safety` has been silent; if it was never heard, since the first step."""
        heard_s = self._listening_since_s if self.status is None else self.status.at_s
        return 0.0 if heard_s is None else now_s - heard_s

    @property
    def car_seen(self) -> bool:
        """Says whether the control pilot is in B, C or D. A cable without a car is not a car."""
        return self.status is not None and self.status.vehicle in ("B", "C", "D")

    @property
    def car_in_doubt(self) -> bool:
        """Says whether the pilot has been open for less than a second: a bad contact, or a leaving car."""
        return self.status is not None and self.status.vehicle == "A" and self.status.car_here

    @property
    def car_connected(self) -> bool:
        """Says whether a car is there. One in doubt is: nothing ends, and nothing is reported of it."""
        return self.car_seen or self.car_in_doubt

    def car_left(self, now_s: float) -> bool:
        """Says whether it is gone from state A, by a `hal.safety` that has had time to look."""
        settled = now_s - self._start_seen_s >= SETTLE_S
        gone = self.status is not None and self.status.vehicle == "A" and not self.status.car_here
        return self.alive(now_s) and settled and gone

    @property
    def plug_in(self) -> PlugIn | None:
        """Returns the present plug-in or the last one; None: `hal.safety` has not been heard."""
        return PlugIn(self.status.start_id, self.status.plug_ins) if self.status is not None else None

    def plugged_anew(self, since: PlugIn | None) -> bool:
        """Says whether there was an A since that plug-in, and another one: perhaps of another car.

        A start of `hal.safety` counts from a car that it finds, which is taken for the same.
        """
        present = self.plug_in
        if since is None or present is None:
            return False
        return present.number > (since.number if present.start_id == since.start_id else 1)

    @property
    def cable_locked(self) -> bool:
        """Is True for a fixed cable too: it cannot leave."""
        return self.status is not None and self.status.lock in ("locked", None)

    def fresh_reading(self, now_s: float) -> Reading | None:
        """Returns the last reading, if it is not older than 3 s."""
        reading = self.reading
        return reading if reading is not None and now_s - reading.at_s <= FRESH_S else None

    @property
    def offered_a(self) -> float:
        """Returns the amps on the pilot; 0 when it offers nothing."""
        offer = self.status.pilot_offer if self.status is not None else "x1"
        return 0.0 if isinstance(offer, str) else offer

    @property
    def contactor_closed(self) -> bool:
        """Says what the mirror contact showed last; False before the first Status."""
        return self.status is not None and self.status.contactor_closed

    @property
    def opened_at_s(self) -> float | None:
        """Returns when the contactor opened; None while it is closed, commanded to close, or unknown."""
        status = self.status
        if status is None or status.contactor_closed or status.contactor_commanded:
            return None
        return status.contactor_changed_at_s

    def wishless_since(self, s: float) -> bool:
        """Says whether a status younger than `s` shows that nothing is wished of the box any more."""
        return self.status is not None and self.status.at_s > s and self.status.limits_a.get("wish") == 0.0

    @property
    def installation_a(self) -> float:
        """Returns what the installation allows on each phase."""
        return self.box.installation_max_a if self.box is not None else FULL_A

    @property
    def house(self) -> House | None:
        """Returns the house around the box; None: there is no house meter, or the box has not said yet."""
        return self.box.house if self.box is not None else None

    @property
    def dimmed(self) -> bool | None:
        """Says what the dimming input read last; None: there is none, or the box has not said yet."""
        known = self.status is not None and self.box is not None and self.box.dimming_w is not None
        return self.status.dimmed if known and self.status is not None else None

    @property
    def has_no_dimming(self) -> bool:
        """Says whether the box has said that it has no such input."""
        return self.box is not None and self.box.dimming_w is None

    @property
    def dimming_w(self) -> float:
        """Returns what is left while it is dimmed; 0 for a box without the input."""
        return (self.box.dimming_w or 0.0) if self.box is not None else 0.0

    @property
    def supply(self) -> Supply:
        """Returns what meter values need to know; three-phase 230 V until the box has said what it is."""
        box = self.box
        if box is None:
            return Supply(3, 230.0, self.offered_a, self._contacts_c)
        return Supply(box.phases, box.nominal_voltage_v, self.offered_a, self._contacts_c)

    @property
    def _contacts_c(self) -> float | None:
        """Returns a temperature at most as old as the newest reading."""
        temperatures, reading = self.temperatures, self.reading
        if temperatures is None or reading is None or reading.at_s - temperatures.at_s > FRESH_S:
            return None
        return temperatures.contacts_c

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Returns all that stand, the oldest first."""
        faults = self.status.faults if self.status is not None else ()
        return tuple(sorted(faults, key=lambda fault: fault.since_s))

    @property
    def opening_faults(self) -> tuple[Fault, ...]:
        """Returns those under which the contactor may not be closed, the oldest first."""
        return tuple(fault for fault in self.faults if fault.opens)

    def lasting_s(self, fault_id: str, now_s: float) -> float | None:
        """Returns for how long this fault has stood; None: it does not."""
        return next((now_s - fault.since_s for fault in self.faults if fault.id == fault_id), None)
