"""PURE: each fault of `hal.safety` in English: what it means, what to do."""

from __future__ import annotations

_PILOT_WIRING = "Check the pilot's wire, the converter and its supply."
# Fault.id -> what it means, what to do.
FAULTS = {
    "welded": (
        "the contactor does not open: its contacts are welded",
        "Switch the supply off at the breaker. An electrician replaces the contactor.",
    ),
    "did_not_close": (
        "the contactor was commanded to close, but the mirror contact reads open",
        "Check the coil's supply and driver, and the wire of the mirror contact.",
    ),
    "watchdog_line": (
        "the contactor closed although its watchdog line rested: in a hang it would stay closed",
        "Check the circuit of contactor.watchdog_pin: the coil must be held only while the line has edges.",
    ),
    "contactor_cycling": (
        "the contactor has closed too often in a short time",
        "Find out why the car begins and ends so often. Charging continues after some minutes.",
    ),
    "diode_missing": (
        "the negative half-wave is missing: no diode was seen in the car",
        "Try another car or tester. If it stays, check the pilot's wire and the -15 V supply.",
    ),
    "pilot_short": ("the control pilot is shorted to earth", "Check cable, plug and the pilot's wire."),
    "pilot_out_of_range": (
        "the control pilot has a voltage that no healthy pilot has",
        f"{_PILOT_WIRING} Compare gain and offset of [pilot] with a voltmeter.",
    ),
    "pilot_circuit": (
        "the box does not read back the voltage that it drives on the control pilot",
        f"{_PILOT_WIRING} Check the PWM output and the ±15 V supply.",
    ),
    "pilot_source": (
        "the source of the control pilot is not at +12 V and -12 V",
        "Check the 3.0 V reference, then the resistors of the source. evse-bridge doctor shows the volts.",
    ),
    "pilot_noise": (
        "noise on the control pilot opens the contactor",
        "Lay the pilot's wire away from the mains; check earth and cable. evse-bridge doctor shows volts "
        "and hertz.",
    ),
    "not_closing": (
        "a car asks for current, but the contactor does not close",
        "evse-bridge doctor names the missing conditions.",
    ),
    "ventilation": (
        "the car asks for ventilation (state D), and this box has none",
        "Such a car cannot be charged here. If other cars do it too, check the pilot's wire for a short.",
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
        "the thermometer at the contacts does not answer",
        "Check its wire, and dtoverlay=w1-gpio in config.txt.",
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
    "meter_lost": (
        "the energy meter gives no reading",
        "See the lines of evse-bridge doctor about the meter.",
    ),
    "meter_implausible": (
        "the values of the energy meter cannot be right, or it does not count what flows",
        "See the lines of evse-bridge doctor about the meter: they say which way it must be wired.",
    ),
    "reader_lost": (
        "the card reader is missing",
        "See the lines of evse-bridge doctor about the card reader.",
    ),
    "under_voltage": (
        "the supply voltage of the Raspberry Pi is too low",
        "Use a stronger supply (5.1 V) with a short, thick cable.",
    ),
    "loop_late": (
        "a tick of hal.safety came too late while charging",
        "Start hal.safety with real-time priority; stop other programs that keep the machine busy.",
    ),
    "hal_restarting": (
        "hal.safety started too often while a car was charging",
        "Read its log (journalctl -u evse-safety) before anybody clears this.",
    ),
    "lost_state": (
        "the stored state of hal.safety cannot be read; a latched fault may be missing",
        "Check the contactor by hand, and the disk, before anybody clears this.",
    ),
    "state_not_kept": (
        "hal.safety cannot store its state: after a restart latched faults would be missing",
        "See the lines of evse-bridge doctor about free space and the state folder.",
    ),
}
