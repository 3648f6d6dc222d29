"""A charge point of its own, with a living box."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from bridge.core.charge_point import ChargePoint
from bridge.core.charging_profile import ChargingProfile
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now
from bridge.core.setup import Memory, Provisioning
from bridge.core.zaptec import BEHAVIOURS, Mode
from hal.contract import Box, Card, Reading, Status, Temperatures
from tests.bridge.core.messages import BOX, status

Heard = Status | Reading | Temperatures | Box | Card

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
URL = "ws://127.0.0.1:9000/ocpp"


def at(elapsed_s: float) -> Now:
    return Now(1000.0 + elapsed_s, BEGIN + timedelta(seconds=elapsed_s))


def hear(core: ChargePoint, message: Heard, now: Now) -> None:
    """A message of `hal`, and the step that its owner takes after it."""
    core.heard(message, now)
    core.step(now)


def charge_point(
    mode: Mode = "cloud", profiles: tuple[ChargingProfile, ...] = (), phases: int = 3
) -> ChargePoint:
    """Registered; 16 A, 230 V."""
    behaviour = BEHAVIOURS[mode]
    configuration = Configuration(behaviour, {}, {}, authorization_required=True)
    made = ChargePoint(
        Provisioning(behaviour, "boot-1", URL), configuration, Memory(profiles=profiles), at(0)
    )
    box = msgspec.structs.replace(BOX, phases=phases, nominal_voltage_v=230.0, installation_max_a=16.0)
    hear(made, box, at(0))
    hear(made, status(at(0).s), at(0))
    made.link_registered(at(0))
    made.step(at(0))
    return made
