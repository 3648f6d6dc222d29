"""PURE: what can break in the simulated world, by the names that `mock fault NAME` takes."""

from __future__ import annotations

CAR = {
    "diode": "the car's diode is shorted: the negative half-wave sags",
    "ventilation": "the car asks for ventilation: state D in place of C",
    "keeps_s2": "the car keeps S2 closed, from plug-in to plug-out and in x1 too",
    "chatter": "the car opens and closes S2 every second",
    "asleep": "the car ignores the pilot until it was off or negative for 3 s",
    "over_current": "the car draws 1.3 times the offer and 2 A more",
}
PILOT = {
    "cp_short": "control pilot shorted to earth",
    "cp_open": "control pilot broken in the cable",
    "cp_high": "control pilot shorted to +15 V",
    "minus_lost": "the -15 V of the pilot's supply have failed: no negative half-wave",
    "adc_stuck": "the converter continues to show what the pilot was",
    "pp_lost": "proximity pilot broken: no plug seen",
    "pp_short": "proximity pilot shorted: 10 ohm",
}
CONTACTOR = {
    "weld": "the contactor's contacts stay closed once they are",
    "contactor_stuck_open": "the contactor does not close",
    "mirror_stuck": "the mirror contact stays as it is now",
    "pump_bridged": "the circuit of the watchdog line holds the contactor without edges",
    "tripped": "the residual current device is off: no voltage; a pulse of the trip output does it too",
}
LOCK = {
    "lock_jam": "the bolt does not move",
    "lock_forced": "somebody forces the bolt open",
}
RCM = {
    "rcm": "the residual current monitor has tripped",
    "rcm_dead": "the residual current monitor always says healthy, in its test too",
}
SUPPLY = {
    "hot": "a bad contact: the contacts go to 100 °C",
    "under_voltage": "the Pi's own supply sags",
    "stop_button": "somebody presses the stop button and does not let go",
}
# A cut wire reads as the worse answer, a shorted one as the better.
CUT_WIRES = {
    "cut_mirror": "the wire of the mirror contact is cut: it reads closed",
    "cut_lock_feedback": "the wire of the lock's feedback is cut: it reads unlocked",
    "cut_rcm": "the wire of the residual current monitor is cut: it reads tripped",
    "cut_stop": "the wire of the stop button is cut: it reads pressed",
    "cut_thermometer": "the wire of the thermometer at the contacts is cut",
}
SHORTED_WIRES = {
    "short_mirror": "the wire of the mirror contact is shorted: it reads open",
    "short_lock_feedback": "the wire of the lock's feedback is shorted: it reads locked",
    "short_rcm": "the wire of the residual current monitor is shorted: it reads healthy",
}
INSTRUMENTS = {
    "meter_silent": "the meter does not answer",
    "meter_frozen": "the meter always answers the same values",
    "meter_backwards": "the meter's register has run back by 1 kWh",
    "meter_reversed": "the meter is wired the other way round: negative power, no import",
    "reader_gone": "the card reader's plug is pulled",
    "card_noise": "the card reader's frames are damaged on the wire",
}
# Not physics: whoever runs the processes carries them out.
MACHINE = {
    "busy": "hal.safety is held up for 1.5 s, once",
    "crash": "hal.safety is killed, once",
    "state_garbled": "the stored state of hal.safety is destroyed, and hal.safety is killed",
    "state_unwritable": "the state of hal.safety cannot be stored",
}

FAULTS: dict[str, str] = {
    **CAR, **PILOT, **CONTACTOR, **LOCK, **RCM, **SUPPLY, **CUT_WIRES, **SHORTED_WIRES, **INSTRUMENTS,
    **MACHINE,
}  # fmt: skip

# Of the Pi's own board, not of the plant.
BOARD: dict[str, str] = {
    "spi_failed": "transfers with the converter end in an error",
    "adc_unpowered": "the converter has no supply: it answers 0",
    "gpio_failed": "writes to the GPIO chip end in an error",
}

# Of the wires to meters, card reader and grid operator and of the kernel's folders, not of the plant.
METER = {
    "meter_silent": "the meter does not answer",
    "meter_frozen": "the meter answers with its values from the begin of the fault",
    "meter_exception": "the meter answers with Modbus exception 4",
    "meter_crc": "the meter's answers have a wrong check sum",
    "meter_small": "the meter gives no more than 4 registers at once",
    "meter_late": "the meter answers after 0.7 s",
    "meter_cut": "the meter's answers end in the middle",
    "meter_echo": "the adapter sends back what it is sent",
    "meter_noise": "random bytes around each answer of the meter",
    "meter_busy": "the meter answers every other request with Modbus exception 6: busy",
}
CARD_READER = {
    "card_noise": "random bytes around each card frame",
    "card_checksum": "card frames with a wrong checksum, or cut short (line)",
    "reader_gone": "the card reader is unplugged",
}
SYSFS = {
    "cut_thermometer": "the thermometer at the contacts is not on its bus",
    "thermometer_crc": "every transfer from the thermometer is damaged",
    "thermometer_power_on": "the thermometer says 85 °C, as after each loss of its supply",
    "under_voltage": "the supply of the Raspberry Pi is too low",
}
HOUSE = {
    "house_silent": "the house meter does not answer",
    "dimmed": "the grid operator dims",
    "cut_dimming": "the wire of the dimming input is cut: it reads dimmed",
}
WIRES: dict[str, str] = METER | CARD_READER | SYSFS | HOUSE
