"""Observations, as a Zaptec calls them: numbered values, the newest of each with its time.

Only values of this charge point are here, under the ids and names of a Zaptec Go. No idTag, no
address and no password ever is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bridge.core.box_view import BoxView
from bridge.core.configuration.configuration import Configuration
from bridge.core.configuration.phase_rotation import WIRE_INDEX
from bridge.core.now import Now, is_dated, timestamp
from bridge.core.reporting.faults import wrongs
from bridge.core.service import Service
from bridge.core.session import State, Transaction
from hal.contract import Reading

LOOK_EVERY_S = 1.0
HOUR_S = 3600.0
TEXT_LIMIT = 256  # of DiagnosticsString

# Volts of the control pilot, IEC 61851-1 Table A.4; a Zaptec calls the vehicle's state by them.
CHARGE_MODES = {"A": "12", "B": "9", "C": "6", "D": "3"}
# A Zaptec's ChargerOperationMode: 0 unknown, 1 disconnected, 2 requesting, 3 charging, 5 finished.
OPERATION_MODES = {
    "Available": "1",
    "Reserved": "1",
    "Preparing": "2",
    "Charging": "3",
    "SuspendedEV": "3",
    "SuspendedEVSE": "5",
    "Finishing": "5",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state that the observations are computed from."""

    configuration: Configuration
    service: Service
    box: BoxView
    state: State
    status: str  # ChargePointStatus of connector 1
    firmware_version: str
    running_s: float  # since the program began
    now: Now


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of observation. `value` returns text; None: unknown now, so the last value stays."""

    id: int
    name: str
    value: Callable[[Snapshot], str | None]
    of_reading: bool = False  # its time is the meter's


@dataclass(frozen=True, slots=True)
class Observation:
    """The newest value of one kind, and since when."""

    id: int
    name: str
    at: datetime
    value: str


def _truth(holds: bool) -> str:
    return "1" if holds else "0"


def _decimal(number: float) -> str:
    return f"{number:.3f}"


def _metered(value: Callable[[Reading], float]) -> Callable[[Snapshot], str | None]:
    def metered(seen: Snapshot) -> str | None:
        reading = seen.box.reading
        return _decimal(value(reading)) if reading is not None else None

    return metered


def _session_kwh(seen: Snapshot) -> str | None:
    reading = seen.box.reading
    if not isinstance(seen.state, Transaction) or reading is None:
        return None
    return _decimal((reading.energy_wh - seen.state.meter_start_wh) / 1000)


def _session(seen: Snapshot) -> str | None:
    """Returns the transaction's number, as a Zaptec that speaks OCPP itself gives it."""
    number = seen.state.transaction_id if isinstance(seen.state, Transaction) else None
    return str(number) if number is not None else None


def _charge_mode(seen: Snapshot) -> str | None:
    return CHARGE_MODES.get(seen.box.status.vehicle) if seen.box.status is not None else None


def _operation_mode(seen: Snapshot) -> str | None:
    return OPERATION_MODES.get(seen.status, "0")


def _cable_rating(seen: Snapshot) -> str | None:
    rating_a = seen.box.status.cable_rating_a if seen.box.status is not None else None
    return f"{rating_a:.0f}" if rating_a is not None else None


def _warnings(seen: Snapshot) -> str | None:
    """Returns the bits of all that is wrong now; a fault without a bit is in none."""
    bits = 0
    for wrong in wrongs(seen.box, seen.service):
        bits |= int(wrong.vendor_error_code or "0")
    return str(bits)


def _installation_max(seen: Snapshot) -> str | None:
    return _decimal(seen.box.box.installation_max_a) if seen.box.box is not None else None


def _phases(seen: Snapshot) -> str | None:
    return str(seen.box.box.phases) if seen.box.box is not None else None


def _wire_index(seen: Snapshot) -> str | None:
    """Returns that of three phases; on which one a box of one phase hangs is not known here."""
    index = WIRE_INDEX.get(seen.configuration.phase_rotation)
    return str(index) if index is not None else None


def _sentence(seen: Snapshot) -> str | None:
    reading = seen.box.reading
    if reading is None:
        return None
    volts = " ".join(f"{volt:.1f}" for volt in reading.voltage_v)
    amps = " ".join(f"{amp:.1f}" for amp in reading.current_a)
    said = (
        f"U {volts} V, I {amps} A, P {reading.power_w / 1000:.2f} kW, E {reading.energy_wh / 1000:.3f} kWh, "
        f"mode {_charge_mode(seen) or '-'}, operation {_operation_mode(seen)}"
    )
    return said[:TEXT_LIMIT]


SOURCES: tuple[Source, ...] = (
    Source(-3, "IsOcppConnected", lambda seen: _truth(seen.service.online)),
    Source(120, "AuthenticationRequired", lambda seen: _truth(seen.configuration.authorization_required)),
    Source(151, "PermanentCableLock", lambda seen: _truth(seen.configuration.is_on("LockCablePermanently"))),
    Source(501, "VoltagePhase1", _metered(lambda reading: reading.voltage_v[0]), of_reading=True),
    Source(502, "VoltagePhase2", _metered(lambda reading: reading.voltage_v[1]), of_reading=True),
    Source(503, "VoltagePhase3", _metered(lambda reading: reading.voltage_v[2]), of_reading=True),
    Source(507, "CurrentPhase1", _metered(lambda reading: reading.current_a[0]), of_reading=True),
    Source(508, "CurrentPhase2", _metered(lambda reading: reading.current_a[1]), of_reading=True),
    Source(509, "CurrentPhase3", _metered(lambda reading: reading.current_a[2]), of_reading=True),
    Source(513, "TotalChargePower", _metered(lambda reading: reading.power_w), of_reading=True),
    Source(520, "MaxPhases", _phases),
    Source(546, "ChargeCurrentInstallationMaxLimit", _installation_max),
    Source(548, "PhaseRotation", _wire_index),
    Source(553, "TotalChargePowerSession", _session_kwh, of_reading=True),
    Source(702, "ChargeMode", _charge_mode),
    Source(708, "ChargeCurrentSet", lambda seen: _decimal(seen.box.offered_a)),
    Source(710, "ChargerOperationMode", _operation_mode),
    Source(711, "IsEnabled", lambda seen: _truth(seen.service.operative)),
    Source(714, "CableType", _cable_rating),
    Source(721, "SessionIdentifier", _session),
    Source(804, "Warnings", _warnings),
    Source(808, "DiagnosticsString", _sentence, of_reading=True),
    Source(820, "UptimeESP", lambda seen: f"{seen.running_s / HOUR_S:.2f}"),
    Source(911, "SmartComputerSoftwareApplicationVersion", lambda seen: seen.firmware_version),
)


@dataclass(slots=True)
class Observations:
    """Holds the newest observations since the program began."""

    _newest: dict[int, Observation] = field(default_factory=dict)
    _looked_at_s: float | None = None

    def due(self, now: Now) -> bool:
        """Says whether it is time to look; once a second is enough."""
        return self._looked_at_s is None or now.s - self._looked_at_s >= LOOK_EVERY_S

    def look(self, seen: Snapshot) -> None:
        """Notes all: a state keeps the time of its change, a measured value has that of its reading."""
        self._looked_at_s = seen.now.s
        for source in SOURCES:
            value = source.value(seen)
            if value is None:
                continue
            reading = seen.box.reading
            measured = source.of_reading and reading is not None
            at = seen.now.at(reading.at_s) if measured and reading is not None else seen.now.utc
            newest = self._newest.get(source.id)
            if measured or newest is None or newest.value != value:
                self._newest[source.id] = Observation(source.id, source.name, at, value)

    def date(self, now: Now) -> None:
        """Dates what was seen: time is known now."""
        for one in self._newest.values():
            self._newest[one.id] = replace(one, at=now.place(one.at))

    def newest(self, stop: datetime | None) -> list[Observation]:
        """Returns the newest of each id; none of them without a date, nor when all are later than `stop`.

        OCPP 1.6 5.9: startTime limits a history, and there is none: a state that has stood for a month is
        asked for as much as the power of this second.
        """
        newest = (self._newest[source.id] for source in SOURCES if source.id in self._newest)
        dated = [one for one in newest if is_dated(one.at)]
        return dated if any(not stop or one.at <= stop for one in dated) else []

    def within(self, start: datetime | None, stop: datetime | None) -> list[Observation]:
        """Returns those between the two, as a log has its lines (OCPP 1.6 5.9)."""
        return [
            one
            for one in self.newest(None)
            if (not start or one.at >= start) and (not stop or one.at <= stop)
        ]


def as_document(observations: list[Observation]) -> bytes:
    """Returns a JSON array with an object for each observation."""
    return json.dumps(
        [
            {"StateId": one.id, "Name": one.name, "Timestamp": timestamp(one.at), "ValueAsString": one.value}
            for one in observations
        ],
        indent=1,
    ).encode()


def as_log(observations: list[Observation]) -> bytes:
    """Returns a line of text for each observation."""
    return "".join(f"{timestamp(one.at)} {one.id} {one.name} {one.value}\n" for one in observations).encode()
