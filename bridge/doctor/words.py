"""PURE: words for the names of `hal.safety`: why the contactor stays open, what a fault means."""

from __future__ import annotations

from dataclasses import replace

from bridge.doctor.check import Check
from bridge.local.why.english_faults import FAULTS
from hal.contract import Fault

# Status.withheld_by: what is missing, as in "it waits for ..."
WAITS_FOR = {
    "car_in_c2": "a car in state C",
    "diode_seen": "its diode",
    "lock_confirmed": "a locked cable",
    "rating_latched": "a cable whose rating is known",
    "no_fault": "the end of a fault",
    "wish": "a transaction",
    "stop_button": "the stop button to be released",
    "mirror_open": "the mirror contact to read open",
    "min_off": "contactor.min_off_s since it opened",
    "after_fault": "contactor.after_fault_s since the last fault or start",
    "closings": "contactor.closings_window_s with fewer closings",
    "rcm_tested": "the end of a self test",
    "state_kept": "a disk that stores what must outlast a restart",
    "real_time": "a real-time priority and locked memory",
    "hang_guard": "a watchdog that opens the contactor when the kernel hangs",
}
# These are usual while no car charges; each of the others needs a person.
USUAL = frozenset(
    "car_in_c2 diode_seen lock_confirmed rating_latched wish min_off after_fault rcm_tested".split()
)


def waits_for(condition: str) -> str:
    """Says it in words; a condition that this version does not know keeps its name."""
    return WAITS_FOR.get(condition, condition)


_CLEARS = {
    "itself": "It clears by itself once the cause is gone.",
    "unplug": "It clears when the cause is gone and the car is unplugged.",
    "person": "A person must clear it once the cause is gone.",
}
_MOCK_DO = "MOCK: evse-bridge mock state lists the faults that are set, evse-bridge mock clear NAME ends one."


def on_mock(check: Check) -> Check:
    """Adds what ends it on a mock box, where there is no wire to look at."""
    of_box = check.id.startswith(("box.", "senses."))
    if not of_box or check.result not in ("fault", "warning"):
        return check
    return replace(check, do=f"{check.do} {_MOCK_DO}")


def fault_words(fault: Fault) -> tuple[str, str]:
    """Says what it means, and what to do. A fault that this version does not know is named by its id."""
    means, do = FAULTS.get(fault.id, (fault.id.replace("_", " "), "See docs/faults.md."))
    return means, f"{do} {_CLEARS[fault.clears]}"
