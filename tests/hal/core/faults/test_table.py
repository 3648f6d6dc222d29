"""What each fault does and what ends it, said a second time."""

from __future__ import annotations

from hal.core.faults.table import KINDS

CLASS_AND_END = {
    "welded": ("open", "person"),
    "did_not_close": ("open", "unplug"),
    "contactor_cycling": ("report", "itself"),
    "diode_missing": ("open", "unplug"),
    "pilot_short": ("open", "itself"),
    "pilot_out_of_range": ("open", "itself"),
    "pilot_circuit": ("open", "unplug"),
    "pilot_source": ("report", "itself"),
    "pilot_noise": ("open", "unplug"),
    "ventilation": ("open", "unplug"),
    "proximity_implausible": ("open", "unplug"),
    "plug_lost": ("open", "unplug"),
    "rating_lost": ("open", "unplug"),
    "lock_failed": ("open", "unplug"),
    "unlock_failed": ("report", "itself"),
    "lock_opened": ("open", "unplug"),
    "over_current": ("open", "unplug"),
    "over_temperature": ("derate", "itself"),
    "overheated": ("open", "itself"),
    "thermometer_lost": ("derate", "itself"),
    "rcm_trip": ("open", "unplug"),
    "rcm_test_failed": ("open", "person"),
    "watchdog_line": ("open", "person"),
    "emergency_stop": ("open", "person"),
    "stop_circuit": ("open", "itself"),
    "not_closing": ("report", "itself"),
    "meter_lost": ("derate", "itself"),
    "meter_implausible": ("report", "itself"),
    "reader_lost": ("report", "itself"),
    "under_voltage": ("report", "itself"),
    "loop_late": ("open", "itself"),
    "hal_restarting": ("open", "person"),
    "lost_state": ("open", "person"),
    "state_not_kept": ("report", "itself"),
}


def test_class_and_end_of_every_fault() -> None:
    assert {name: (kind.severity, kind.clears) for name, kind in KINDS.items()} == CLASS_AND_END
