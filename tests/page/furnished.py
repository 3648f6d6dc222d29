"""Boxes as owners have them, for the tests of the page and for its pictures."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from bridge.core.charging_profile import ChargingProfile, Period
from bridge.core.rows import Session, TransactionRow
from bridge.local.orders import Frame, Key
from bridge.local.state.state import FaultSeen, Limit, Queue, State
from tests.bridge.local.states import CHARGING, INSTALLATION, READY, WELL, changed
from tests.page.box import ModelBox

QUEUE = Queue(waiting=3, dead_letters=1)
NO_CAR = changed(
    WELL, queue=Queue(waiting=0, dead_letters=0), mock=True, box={"serial": "MOCK0001", "closings": 1312}
)
CHARGES = changed(
    CHARGING,
    mock=True,
    queue=QUEUE,
    box={"serial": "MOCK0001", "closings": 1312, "contacts_c": 41.0},
    link={"since": "2026-11-30T02:11:00Z"},
    limits=(
        Limit(name="profile", limit_a=10.0, profile_id=12),
        INSTALLATION,
        Limit(name="cable", limit_a=32.0),
    ),
)
PAUSED = changed(
    READY,
    mock=True,
    queue=QUEUE,
    connector={"status": "SuspendedEVSE"},
    box={"offered_a": 0.0, "offered_for_s": None, "serial": "MOCK0001"},
    limits=(Limit(name="profile", limit_a=0.0, profile_id=12, until="2099-05-01T20:00:00Z"), INSTALLATION),
)
FAULTED = changed(
    WELL,
    mock=True,
    connector={"status": "Faulted"},
    box={
        "vehicle": "B", "car": True,
        "faults": (
            FaultSeen(id="welded", occurrence=2, for_s=312.0, clears="person", opens=True),
            FaultSeen(id="thermometer_lost", occurrence=1, for_s=20.0, clears="itself", opens=False),
        ),
    },
)  # fmt: skip


def furnished(state: State) -> ModelBox:
    """With sessions, profiles, keys and frames."""
    sessions, frames = list(map(_session, range(1, 76))), list(map(_frame, range(1, 41)))
    return ModelBox(state, sessions, _profiles(int(time.time())), KEYS, frames)


def _session(number: int) -> Session:
    """The last one runs, two wait, and one was refused."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1.1 * (76 - number), hours=number % 5)
    started = TransactionRow(
        row_id=number, boot_id="b", connector_id=1, id_tag=("04AABBCC", "04D31F9A6B2280")[number % 3 == 0],
        parent_id_tag=None, meter_start_wh=number * 9000, started_at=at, transaction_id=4000 + number,
    )  # fmt: skip
    if number == 75:
        return Session(started, waiting=0)
    stopped = replace(
        started,
        stopped_at=at + timedelta(minutes=37 * (number % 7 + 1)),
        meter_stop_wh=started.meter_start_wh + 1000 + 1370 * (number % 7),
        stop_reason="Local",
    )
    if number != 71:
        return Session(stopped, waiting=2 if number in (72, 73) else 0)
    why = "FormationViolation: the Central System does not accept StartTransaction"
    return Session(replace(stopped, transaction_id=None, given_up=why), waiting=2)


def _profiles(now: int) -> list[ChargingProfile]:
    night = (Period(0, 16.0), Period(6 * 3600, 0.0), Period(20 * 3600, 10.0))
    midnight = now - now % 86_400
    whole = ChargingProfile(
        31, 0, "ChargePointMaxProfile", 0, "Absolute", "W", (Period(0, 7400.0),), now, duration_s=30_000
    )
    daily = ChargingProfile(
        12, 1, "TxDefaultProfile", 3, "Recurring", "A", night, now, start_at=midnight, recurrency="Daily"
    )
    return [daily, whole]


SECONDS = "a whole number from 0 to 86400"
PROFILES = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
KEYS = (
    Key(
        name="HeartbeatInterval", value="300", readonly=False, source="stored",
        meaning_en="Seconds between two heartbeats.", allowed=SECONDS,
    ),
    Key(
        name="AuthorizationKey", value=None, readonly=False, source="file",
        meaning_en="The password of this box at the Central System.",
    ),
    Key(
        name="SupportedFeatureProfiles", value=PROFILES, readonly=True, source="default",
        meaning_en="What this box can do.",
    ),
    Key(
        name="MeterValueSampleInterval", value="60", readonly=False, source="default",
        meaning_en="Seconds between two meter values in a session.", allowed=SECONDS,
    ),
)  # fmt: skip


def _frame(number: int) -> Frame:
    actions = ("Heartbeat", "MeterValues", "SetChargingProfile", "StatusNotification")
    at = datetime.now(UTC) - timedelta(seconds=20 * (41 - number))
    return Frame(
        number=number,
        at=at.isoformat(),
        direction="received" if number % 2 else "sent",
        kind="result" if number % 2 else "call",
        action=actions[number // 2 % 4],
        identity=f"id-{number}",
        payload=msgspec.json.encode({"connectorId": 1, "status": "Charging", "number": number}).decode(),
    )
