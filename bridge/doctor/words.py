"""PURE: what `hal.safety` says by name, in words: why the contactor stays open, what a fault means."""

from __future__ import annotations

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
    "state_kept": "a disk that takes what must outlast a restart",
    "real_time": "a real-time priority and locked memory",
    "hang_guard": "somebody who opens the contactor when the kernel hangs",
}
# Nobody need be surprised by these; the others are a matter for a person.
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

_PILOT_WIRING = "Check the pilot's wire, the converter and its supply."
# Fault.id -> what it means, what to do.
FAULTS = {
    "welded": (
        "the contactor does not open: its contacts are welded",
        "Switch the supply off at the fuse. An electrician replaces the contactor.",
    ),
    "did_not_close": (
        "the contactor was commanded to close and the mirror contact says that it did not",
        "Check the coil's supply and driver, and the wire of the mirror contact.",
    ),
    "watchdog_line": (
        "the contactor closed though its watchdog line was held still: it would stay closed in a hang",
        "Check the circuit of contactor.watchdog_pin: the coil must be held only while the line has edges.",
    ),
    "contactor_cycling": (
        "the contactor has closed as often as it may for now",
        "Find out what makes the car begin and end so often; it goes on after some minutes.",
    ),
    "diode_missing": (
        "the negative half-wave is missing: no diode was seen in the car",
        "Try another car or tester. If it stays, check the pilot's wire and the -12 V supply.",
    ),
    "pilot_short": ("the control pilot is shorted to earth", "Check cable, plug and the pilot's wire."),
    "pilot_out_of_range": (
        "the control pilot has a voltage that no healthy one has",
        f"{_PILOT_WIRING} Compare gain and offset of [pilot] with a voltmeter.",
    ),
    "pilot_circuit": (
        "the box does not read on the control pilot what it drives there",
        f"{_PILOT_WIRING} Check the PWM output and the -12 V supply.",
    ),
    "pilot_source": (
        "the source of the control pilot is not at +12 V and -12 V",
        "Set its supplies; its note says what was read.",
    ),
    "pilot_noise": (
        "alternating volts on the control pilot open the contactor",
        "Lay the pilot's wire away from the mains; check earth and cable. Its note says volts and hertz.",
    ),
    "not_closing": (
        "a car asks and the contactor is not closed",
        "Its note names what it waits for.",
    ),
    "ventilation": (
        "the car asks for ventilation (state D), which there is none of",
        "Such a car cannot be charged here. If it is a usual car, check the pilot's wire for a short.",
    ),
    "proximity_implausible": (
        "the coding of the cable cannot be read (below 75 ohm)",
        "Try another cable. If it stays, check the proximity wire for a short.",
    ),
    "plug_lost": ("the plug was pulled while charging", "Check the lock and the proximity wire."),
    "rating_lost": (
        "the coding of the cable was lost while charging",
        "Check the cable and the proximity wire.",
    ),
    "lock_failed": (
        "the cable lock did not close",
        "Is the plug fully in? Then check the lock's motor, its plug and the feedback contact.",
    ),
    "unlock_failed": (
        "the cable lock did not open",
        "Check the lock's motor, its plug and the feedback contact.",
    ),
    "lock_opened": (
        "the feedback of the cable lock was lost while charging",
        "Check the bolt and the wire of the feedback contact.",
    ),
    "over_current": (
        "the car drew more than it was offered",
        "Try another car. Compare the meter's current with a clamp meter.",
    ),
    "over_temperature": (
        "the contacts are hot: less is offered",
        "Look for a loose terminal or a worn contact, with the supply off.",
    ),
    "overheated": (
        "the contacts are too hot: charging has stopped",
        "Look for a loose terminal or a worn contact, with the supply off.",
    ),
    "thermometer_lost": (
        "the thermometer at the contacts is silent",
        "Check its wire and 1-wire in config.txt.",
    ),
    "rcm_trip": (
        "the residual current monitor has tripped, or its wire is cut",
        "Look for an insulation fault in car and cable; try another car. Then check the monitor's wire.",
    ),
    "rcm_test_failed": (
        "the residual current monitor did not pass its self test",
        "Check the monitor's test and output wires. If they are right, replace it.",
    ),
    "emergency_stop": (
        "the emergency stop was pressed, or its wire is cut",
        "Release it, or check its wire.",
    ),
    "stop_circuit": ("the stop button is stuck, or its wire is cut", "Check the button and its wire."),
    "meter_lost": ("the energy meter gives no reading", "See the meter below."),
    "meter_implausible": ("what the energy meter says cannot be", "See the meter below."),
    "reader_lost": ("the card reader is missing", "See the card reader below."),
    "under_voltage": (
        "the supply of the Raspberry Pi sags",
        "Use a stronger supply (5.1 V) with a short, thick cable.",
    ),
    "loop_late": (
        "a tick of hal.safety came too late while charging",
        "Start hal.safety with real-time priority; end what keeps the machine busy.",
    ),
    "hal_restarting": (
        "hal.safety started too often while a car was charging",
        "Read its log (journalctl -u evse-safety) before anybody clears this.",
    ),
    "lost_state": (
        "what hal.safety had kept cannot be read; a latched fault may have been among it",
        "Check the contactor by hand before anybody clears this, and the storage below.",
    ),
    "state_not_kept": (
        "hal.safety cannot write its state: a restart would forget latched faults",
        "See free space and state folder below.",
    ),
}


def fault_words(fault: Fault) -> tuple[str, str]:
    """Says what it means, and what to do. A fault that this version does not know is named by its id."""
    means, do = FAULTS.get(fault.id, (fault.id.replace("_", " "), "See docs/faults.md."))
    return means, f"{do} {_CLEARS[fault.clears]}"
