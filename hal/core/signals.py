"""PURE: what the core reads from the lines and writes to them: one `Sense` in, one `Drive` out a tick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hal.contract import Phases

PilotOffer = float | Literal["x1", "F"]  # amps under PWM; steady +12 V; steady -12 V


@dataclass(frozen=True, slots=True)
class Sense:
    """The lines at one tick. `None` means the box has no such input, or no fresh value of it."""

    cp_high_v: float  # peak-hold of the positive half-wave, as read: with its droop
    cp_low_v: float  # peak-hold of the negative half-wave, as read; decays to 0 in x1
    pp_ohm: float | None  # None: a fixed cable
    mirror_closed: bool  # the mirror contact: a welded contactor reads True
    lock_closed: bool | None  # the lock's feedback; None: a fixed cable
    cp_age_s: float = 0.0  # of both pilot voltages and pp_ohm: a failed reading keeps the last ones
    cp_alive: bool = True  # False: the converter does not measure (words all 0, all full, or frozen)
    rcm_healthy: bool | None = None  # False: tripped, or a cut wire; None: no RCM input (a declared fact)
    stop_pressed: bool | None = None  # pressed, or its wire is cut; None: no stop input
    current_a: Phases | None = None  # a fresh meter reading
    reading_at_s: float | None = None  # when that reading was taken
    instruments_speak: bool = False  # `hal.instruments` is connected and has said what it has
    meter_implausible: bool = False  # `hal.instruments` refuses what the meter answers
    reader_healthy: bool | None = None  # None: no card reader, or nobody tells
    contacts_c: float | None = None  # a fresh temperature of the contacts
    under_voltage: bool | None = None  # of the Pi's own supply; None: nobody tells
    state_kept: bool = True  # what must outlast a restart could be written
    late_s: float = 0.0  # how much later than planned this tick began


@dataclass(frozen=True, slots=True)
class Drive:
    """What the lines shall show until the next tick."""

    pilot: PilotOffer
    close_contactor: bool
    lock_motor: Literal["lock", "unlock"] | None = None  # None: motor off
    cp_connected: bool = True  # False: the relay in the control pilot is open (a box that has one)
    rcm_test: bool = False  # True: the test input of the residual current monitor is active
    watchdog_edges: bool = True  # False: none while closed, which must not close then
    soon: bool = True  # False: the next tick may come at half the rate, nobody is there
    trip: bool = False  # True: a pulse of the trip output: a welded contactor is live (a box that can)
