"""PURE: judges meter, card reader, lamp and thermometers, by what `hal.instruments` says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.doctor.answers import contactor_closed, text_of, was_done
from bridge.doctor.check import Check, Subject
from hal.contract import FRESH_S, Answer, Box, InstrumentBox, Reading, Status, Temperatures

METER = Subject("senses.meter", "meter answers", "with the set address")
READINGS = Subject("senses.readings", "meter is live", "a reading every 3 s")
VOLTAGE_PCT = 10.0  # EN 50160: nominal voltage +- 10 %
IDLE_A = 0.5  # more than that with an open contactor is taken for a welded one (field practice)
COUNT = Subject("senses.count", "meter counts", "what flows to the car")
ENERGY = Subject("senses.energy", "meter energy", "never runs back")
HOUSE = Subject("senses.house", "house meter", "ok")
READER = Subject("senses.reader", "card reader", "ok")
CARD = Subject("senses.card", "card", "read at the set speed")
LAMP = Subject("senses.lamp", "lamp", "red, green, blue")
CONTACTS = Subject("senses.contacts", "contacts", "-25 to 50 °C, idle")
CONTACTS_FROM_C, CONTACTS_TO_C = -25.0, 50.0  # IEC 61851-1 11: outdoor ambient -25 to 40 °C; 10 K of sun

_WIRES = "Check A and B (swap them), the end resistors, the meter's supply, address, speed and parity"
_ON_THE_WAY = "Wait a moment and run the doctor again."


def meter(answer: Answer, ports: Sequence[str]) -> Check:
    """Judges `probe-meter`: as configured, then as the model is shipped. `ports`: what this machine has."""
    text = text_of(answer)
    if not was_done(answer):
        return METER.not_checked(text, _ON_THE_WAY)
    if answer.ok:
        return METER.ok(text, answer.measured)
    if answer.measured:
        do = (
            "The meter answers with its settings as shipped: set the meter as [meter] says, or remove "
            "those keys from [meter]."
        )
        return METER.fault(text, do, answer.measured)
    return METER.fault(text, f"{_WIRES}. Serial ports here: {', '.join(ports) or 'none'}.")


def count(instruments: InstrumentBox) -> Iterator[Check]:
    """Judges the meter by what `hal.instruments` has found, in earlier charges too; nothing: all is well."""
    health = instruments.meter_health
    if health.startswith("implausible"):
        measured, _, do = health.partition(": ")[2].rpartition("; ")
        yield COUNT.fault(measured or do, do if measured else _WIRES)


def house(instruments: InstrumentBox) -> Iterator[Check]:
    """Judges the house meter by what `hal.instruments` says; nothing: this box has none."""
    health = instruments.house_meter_health
    if health == "ok":
        yield HOUSE.ok(health)
    elif health != "none":
        yield HOUSE.fault(health, f"{_WIRES}, and house.unit; on a shared bus all settings of its line.")


def readings(heard: Sequence[Reading], box: Box, status: Status, now_s: float) -> Iterator[Check]:
    """Judges what the meter has sent while the doctor listened."""
    if not heard or now_s - heard[-1].at_s > FRESH_S:
        measured = f"the last reading is {now_s - heard[-1].at_s:.0f} s old" if heard else "no reading at all"
        yield READINGS.fault(measured, f"{_WIRES}; see `meter answers` above.")
        return
    yield READINGS.ok(f"{len(heard)} readings, the last {max(0.0, now_s - heard[-1].at_s):.1f} s old")
    yield _voltages(heard[-1], box)
    yield _currents(heard[-1], box, status)
    yield _energy(heard)


def _phases(reading: tuple[float, float, float], box: Box) -> tuple[float, ...]:
    return reading[: box.phases]


def _voltages(reading: Reading, box: Box) -> Check:
    low_v, high_v = (box.nominal_voltage_v * (1 + pct / 100) for pct in (-VOLTAGE_PCT, VOLTAGE_PCT))
    subject = Subject("senses.voltage", "meter voltages", f"{low_v:.0f} to {high_v:.0f} V")
    volts = _phases(reading.voltage_v, box)
    values = {f"l{phase}_v": volt for phase, volt in enumerate(volts, start=1)}
    measured = " / ".join(f"{volt:.1f}" for volt in volts) + " V"
    wrong = [f"L{phase}" for phase, volt in enumerate(volts, start=1) if not low_v <= volt <= high_v]
    if not wrong:
        return subject.ok(measured, values)
    do = f"Measure {', '.join(wrong)} at the meter; check fuse, neutral, meter.model and installation.phases."
    return subject.fault(measured, do, values)


def _currents(reading: Reading, box: Box, status: Status) -> Check:
    amps = _phases(reading.current_a, box)
    values = {f"l{phase}_a": amp for phase, amp in enumerate(amps, start=1)} | {"power_w": reading.power_w}
    measured = " / ".join(f"{amp:.2f}" for amp in amps) + f" A, {reading.power_w:.0f} W"
    idle_w = IDLE_A * box.nominal_voltage_v * box.phases
    if contactor_closed(status):
        return Subject("senses.current", "meter currents").ok(f"{measured} (contactor closed)", values)
    subject = Subject("senses.current", "meter currents", f"below {IDLE_A:g} A, as open")
    if all(abs(amp) <= IDLE_A for amp in amps) and abs(reading.power_w) <= idle_w:
        return subject.ok(measured, values)
    do = "Something draws current behind the meter: a welded contactor, or a load other than the car."
    return subject.fault(measured, do, values)


def _energy(heard: Sequence[Reading]) -> Check:
    counts = [reading.energy_wh for reading in heard]
    number = f", number {heard[-1].meter_serial}" if heard[-1].meter_serial else ""
    measured = f"{counts[-1] / 1000:.2f} kWh{number}"
    values = {"energy_wh": float(counts[-1])}
    if counts == sorted(counts) and counts[0] >= 0:
        return ENERGY.ok(measured, values)
    return ENERGY.fault(f"{measured}, runs back", "Check meter.model and meter.word_order.", values)


def reader(instruments: InstrumentBox) -> Check:
    """Judges its port; whether it reads is only known once a card is shown."""
    if instruments.reader is None:
        return READER.not_checked("this box has none")
    measured = f"{instruments.reader}: {instruments.reader_health}"
    if instruments.reader_health != "ok":
        return READER.fault(measured, "Check its plug and supply, and reader.port and reader.model.")
    if instruments.dropped_frames:
        measured += f", {instruments.dropped_frames} damaged frames"
        return READER.warning(measured, "Shorten or shield its wire; check its supply and reader.model.")
    return READER.ok(measured)


def card(answer: Answer) -> Check:
    """Judges `probe-reader`, while a person presents a card."""
    text = text_of(answer)
    if not was_done(answer):
        return CARD.not_checked(text, _ON_THE_WAY)
    if ": card " in text:
        return (
            CARD.ok(text) if answer.ok else CARD.fault(text, "Remove reader.baud, or set it to that speed.")
        )
    do = (
        "Hold the card flat to the reader. If nothing is read, check its data wire, supply, reader.model, "
        "reader.baud."
    )
    nobody = answer.ok or text.count("nothing heard") == text.count(" baud: ")  # perhaps there was no card
    return CARD.warning(text, do) if nobody else CARD.fault(text, do)


def lamp(answer: Answer, *, seen: bool) -> Check:
    """Judges the lamp. `seen`: what a person says."""
    if not was_done(answer):
        return LAMP.not_checked(text_of(answer), _ON_THE_WAY)
    if seen:
        return LAMP.ok("seen")
    return LAMP.fault("not seen", "Check the lamp's wires and supply, [lamp]'s pins and lamp.active.")


def lamp_lines(instruments: InstrumentBox) -> Check | None:
    """Judges what is known without a person; None: there is a lamp to look at."""
    match instruments.lamp_health:
        case "none":
            return LAMP.not_checked("this box has none")
        case "ok":
            return None
        case wrong:
            return LAMP.fault(wrong, "Check [lamp]'s pins; each GPIO has one use.")


def contacts(instruments: InstrumentBox, temperatures: Temperatures | None) -> Check:
    """Judges the thermometer at the contacts."""
    if instruments.thermometer_health == "none":
        return CONTACTS.not_checked("this box has no thermometer")
    contacts_c = temperatures.contacts_c if temperatures is not None else None
    if contacts_c is None:
        do = "Check the sensor's wire, its 4.7 kΩ pull-up, dtoverlay=w1-gpio and temperature.sensor."
        return CONTACTS.fault(f"no value: {instruments.thermometer_health}", do)
    measured, values = f"{contacts_c:.1f} °C", {"contacts_c": contacts_c}
    if CONTACTS_FROM_C <= contacts_c <= CONTACTS_TO_C:
        return CONTACTS.ok(measured, values)
    do = (
        "After a charge, wait. If it stays, look for a loose terminal, with the supply off; check "
        "temperature.sensor."
    )
    return CONTACTS.warning(measured, do, values)
