"""The simulated world as JSON: all of it for `state`, its visible part for `watch`."""

from __future__ import annotations

import time
from typing import Any

from hal.core.control_pilot.levels import amps_of_duty
from hal.mock.pi.line_map import LINES
from hal.mock.serial.meter_face import SERIAL_NUMBER
from hal.mock.simulated_box import SimulatedBox

View = dict[str, Any]
SLOW = ("current_a", "power_w", "register_wh", "received_wh", "state_of_charge_pct")  # ramps, not events


def visible(box: SimulatedBox) -> View:
    """Returns what somebody who stands before the box could see or measure."""
    plant = box.plant
    return {
        "power": box.powered,
        "car": _car(box),
        "pilot": _pilot(box.pwm.wave.duty),
        "contactor_closed": plant.contacts_closed,
        "locked": plant.lock_closed,
        "faults": box.faults(),
        "current_a": [round(amps, 1) for amps in plant.current_a],
        "power_w": round(plant.power_w),
        "register_wh": plant.register_wh,
        "received_wh": round(plant.ledger[-1].received_wh, 3) if plant.ledger else 0.0,
        "state_of_charge_pct": round(plant.state_of_charge_pct, 1),
    }


def whole(box: SimulatedBox) -> View:
    """Returns `visible` and everything behind it."""
    plant, wave = box.plant, box.pwm.wave
    return visible(box) | {
        "at_s": time.monotonic(),
        "serial": f"MOCK{SERIAL_NUMBER}",
        "kernel": box.kernel.policy,
        "plant_s": plant.now_s,
        "energy_wh": plant.energy_wh,
        "cp_high_v": plant.cp_high_v,
        "cp_low_v": plant.cp_low_v,
        "pp_ohm": plant.pp_ohm,
        "mirror_closed": plant.mirror_closed,
        "bolt": plant.bolt,
        "plugged": plant.plugged,
        "cable_left": plant.cable_left,
        "copper": plant.copper,
        "disturbed": plant.disturbed,
        "s2_closed": plant.s2_closed,
        "voltage_v": plant.voltage_v,
        "contacts_c": plant.contacts_c,
        "lamp": box.lamp,
        "house": {
            "load_a": plant.house.load_a,
            "solar_w": plant.house.solar_w,
            "main_a": [round(amps, 1) for amps in plant.main_a],
        },
        "ledger": plant.ledger,
        "lines": _lines(box),
        "pwm": {"period_ns": wave.period_ns, "duty_ns": wave.duty_ns, "on": wave.on},
        "pwm_violations": box.pwm.violations,
    }


def _car(box: SimulatedBox) -> str:
    if not box.plant.plugged:
        return "away"
    return "asks for energy" if box.plant.s2_closed else "plugged in"


def _pilot(duty: float) -> str | float:
    """Returns the offer as Status.pilot_offer: x1, F, or amps; 0 for a duty that offers nothing."""
    if duty >= 1.0:
        return "x1"
    return "F" if duty <= 0.0 else round(amps_of_duty(duty), 1)


def _lines(box: SimulatedBox) -> list[View]:
    """Returns those that somebody holds or drives."""
    lines = box.line_map
    return [
        {"line": line, "output": lines.is_output(line), "high": lines.driven_high(line), "owner": owner}
        for line in range(LINES)
        if (owner := lines.owner(line)) or lines.is_output(line)
    ]
