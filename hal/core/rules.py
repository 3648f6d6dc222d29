"""PURE: the settings of one box for the core. Their bounds are checked where wallbox.toml is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hal.core.budget import LATE_S


@dataclass(frozen=True, slots=True)
class LockRules:
    """How the motor of the cable lock is driven."""

    pulse_s: float = 0.6  # pulses in the field: 0.3 to 1 s; absolute 3 s (Harting)
    retries: int = 3  # pulses after the first, before the fault
    retry_wait_s: float = 5.0  # field practice, and a pause that lets the motor cool
    moves_per_minute: int = 10  # openWB: at most 10 lock moves in 60 s


@dataclass(frozen=True, slots=True)
class BoxRules:
    """The box and its limits. Looser values than the defaults are for a mock box only."""

    socket: bool  # False: a fixed cable, which has no lock and no proximity pilot
    installation_max_a: float
    fixed_cable_rating_a: float | None = None  # required for a fixed cable, unused with a socket
    hold_s: float = 0.020  # time constant of the pilot's peak-holds
    min_off_s: float = 5.0  # a pause between openings and closings (field practice: >= 5 s from C to C)
    after_fault_s: float = 30.0  # field practice: >= 30 s after a fault, or a start
    max_closings: int = 10  # contactor life: in closings_window_s
    closings_window_s: float = 600.0
    fault_f_s: float = 0.3  # IEC 61851-1 Table A.5: F >= 300 ms; 0 for old cars that latch on F
    late_limit_s: float = 0.1  # so late a tick has used up the 100 ms of Table A.6 sequence 8.1
    late_share_s: float = LATE_S  # a tick that is later judges by its own sample alone
    derate_from_c: float = 70.0
    stop_at_c: float = 85.0
    starts_for_person: int = 3  # so many starts with a car in C in 10 minutes need a person
    has_thermometer: bool = False  # at the contacts; without it `Sense.contacts_c` is always None
    has_cp_relay: bool = False  # a relay that can cut the control pilot: wakes cars in place of F
    has_rcm_test: bool = False  # the residual current monitor has a test input
    has_watchdog_line: bool = False  # a circuit that holds the contactor only while it sees edges
    stop_kind: Literal["stop", "emergency"] = "stop"  # meaningful where `Sense.stop_pressed` is not None
    lock: LockRules = field(default_factory=LockRules)
    lacks: tuple[str, ...] = ()  # what the machine lacks to keep a closed contactor safe: nothing closes
