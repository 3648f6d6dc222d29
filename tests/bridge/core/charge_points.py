"""A charge point of its own, and what its box tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.core.charge_point import ChargePoint
from bridge.core.charging_profiles import ChargingProfile
from bridge.core.configuration import Configuration
from bridge.core.now import Now
from bridge.core.setup import Identity, Memory
from bridge.core.zaptec import BEHAVIOURS, Mode
from hal.contract import Box, Counters, Reading, Status

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
URL = "ws://127.0.0.1:9000/ocpp"


def at(elapsed_s: float) -> Now:
    return Now(1000.0 + elapsed_s, BEGIN + timedelta(seconds=elapsed_s))


def charge_point(
    mode: Mode = "cloud", profiles: tuple[ChargingProfile, ...] = (), phases: Any = 3
) -> ChargePoint:
    """Registered, with a living box."""
    behaviour = BEHAVIOURS[mode]
    configuration = Configuration(behaviour, {}, {}, authorization_required=True)
    made = ChargePoint(Identity(behaviour, "boot-1", URL), configuration, Memory(profiles=profiles), at(0))
    made.heard(
        Box(
            version=1, phases=phases, nominal_voltage_v=230.0, socket=True, installation_max_a=16.0,
            mock=True, software="0",
        ),
        at(0),
    )  # fmt: skip
    made.heard(status("A", at(0)), at(0))
    made.link_registered(at(0))
    return made


def status(vehicle: Any, now: Now) -> Status:
    """Nothing offered, nothing closed, the plug locked."""
    return Status(
        version=1, start_id="s", seq=1, at_s=now.s, mock=True, real_time="simulated", vehicle=vehicle,
        pilot_offer="x1", cable_present=True, cable_rating_a=32.0, lock="locked", contactor_commanded=False,
        contactor_closed=False, contactor_changed_at_s=0.0, limits_a={}, limited_by="wish", withheld_by=(),
        faults=(), lamp="", counters=Counters(), wish_seq=0,
    )  # fmt: skip


def reading(now: Now, volts: float = 230.0) -> Reading:
    return Reading(
        at_s=now.s, energy_wh=0, power_w=0.0, current_a=(0.0, 0.0, 0.0), voltage_v=(volts, volts, volts)
    )
