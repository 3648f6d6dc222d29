"""PURE: what wallbox.toml must fulfil between its keys, and what only a mock box may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import ge, le
from urllib.parse import urlsplit

from hal.configuration.file import Broken
from hal.configuration.meter_map import OWN, SHIPPED_UNIT, broken
from hal.configuration.sections import ModbusMeter, Wallbox

# hal/core's limits on a real box: never looser. A mock box may go down to the bounds of the schema.
HARDWARE_BOUNDS: dict[str, tuple[Callable[[float, float], bool], float]] = {
    "contactor.min_off_s": (ge, 5.0),
    "contactor.after_fault_s": (ge, 30.0),
    "contactor.max_closings": (le, 10),
    "contactor.closings_window_s": (ge, 600.0),
    "contactor.starts_for_person": (le, 3),
    "lock.retry_wait_s": (ge, 5.0),  # field practice: 5 s between tries
}

# Pins that belong to somebody else, whatever the box. The driver of SPI0 (dtparam=spi=on) holds both chip
# selects; the firmware reads a HAT's EEPROM by GPIO 0 and 1 at every boot.
RESERVED_PINS = {
    0: "ID_SD of a HAT's EEPROM, which the firmware reads at every boot",
    1: "ID_SC of a HAT's EEPROM, which the firmware reads at every boot",
    7: "chip select 1 of SPI0, which the kernel holds",
    8: "chip select 0 of SPI0, which the kernel holds",
    9: "MISO of the converter",
    10: "MOSI of the converter",
    11: "SCLK of the converter",
}
UART_PINS = {14: "TXD", 15: "RXD"}  # they move at every boot, while the firmware tries its console
HEADER_UARTS = ("/dev/serial0", "/dev/ttyAMA0", "/dev/ttyS0")  # by board and overlay: on GPIO 14 and 15
PULLED_UP_PINS = (2, 3)  # I2C: 1.8 kohm to 3.3 V on the board; nothing pulls them down

# The inputs, and the level at which each rests while all is well.
INPUT_LEVELS: dict[str, Callable[[Wallbox], str]] = {
    "contactor.mirror_pin": lambda box: box.contactor.mirror_active,
    "lock.feedback_pin": lambda box: box.lock.feedback_active if box.lock else "",
    "rcm.pin": lambda box: box.rcm.active if box.rcm else "",
    "stop.pin": lambda box: box.stop.active if box.stop else "",
    "dimming.pin": lambda box: box.dimming.active if box.dimming else "",
}

_HEX = frozenset("0123456789abcdef")

# The pins of each kind of cable lock; the others must not be there.
LOCK_PINS = {
    "motor": ("forward_pin", "backward_pin"),
    "phase_enable": ("phase_pin", "enable_pin"),
    "solenoid": ("solenoid_pin",),
}


def broken_rules(box: Wallbox, *, mock: bool) -> Iterator[Broken]:
    """Yields every rule that does not hold."""
    yield from _cable(box)
    yield from _lock(box)
    yield from _pins(box)
    yield from _channels(box)
    yield from _order(box)
    yield from _ports(box)
    yield from _meter(box)
    yield from _house(box)
    yield from _sensor(box)
    if not mock:
        yield from _hardware(box)


def _cable(box: Wallbox) -> Iterator[Broken]:
    if box.cable.kind == "socket":
        if box.cable.rating_a is not None:
            why = 'a socket reads the rating from the plug; remove this key, or set cable.kind = "fixed"'
            yield Broken(("cable.rating_a", "cable.kind"), why)
        for name, part in (("lock", box.lock), ("proximity", box.proximity)):
            if part is None:
                yield Broken((name, "cable.kind"), f"this section is missing; a socket needs [{name}]")
        return
    if box.cable.rating_a is None:
        yield Broken(("cable.rating_a", "cable.kind"), "is missing; a fixed cable needs 13, 20, 32 or 63")
    for name, part in (("lock", box.lock), ("proximity", box.proximity)):
        if part is not None:
            why = f'a fixed cable has no {name}; remove this section, or set cable.kind = "socket"'
            yield Broken((name, "cable.kind"), why)


def _lock(box: Wallbox) -> Iterator[Broken]:
    """Demands the pins of its kind, and no others."""
    if box.lock is None:
        return
    for kind, names in LOCK_PINS.items():
        for name in names:
            there, wanted = getattr(box.lock, name) is not None, kind == box.lock.kind
            keys = (f"lock.{name}", "lock.kind")
            if wanted and not there:
                yield Broken(keys, f'is missing; lock.kind = "{kind}" needs {" and ".join(names)}')
            elif there and not wanted:
                yield Broken(keys, f'belongs to lock.kind = "{kind}"; remove it, or set that kind')


def _pins(box: Wallbox) -> Iterator[Broken]:
    """Demands one use of each GPIO, and none that is taken, moves or cannot rest where it is said to."""
    pins = {
        f"{section}.{name}": pin
        for section in ("pilot", "contactor", "lock", "rcm", "stop", "dimming", "lamp")
        if (part := getattr(box, section)) is not None
        for name in part.__struct_fields__
        if name.endswith("pin") and (pin := getattr(part, name)) is not None
    }
    yield from _one_use(pins, RESERVED_PINS, "GPIO")
    for key, pin in pins.items():
        if pin in UART_PINS:
            yield from _uart(box, key, pin)
        elif pin in PULLED_UP_PINS and (level := INPUT_LEVELS.get(key)) and level(box) == "high":
            why = "has 1.8 kohm to 3.3 V on the board: a cut wire would read healthy; choose another"
            yield Broken((key,), f"GPIO {pin} {why}")


def _uart(box: Wallbox, key: str, pin: int) -> Iterator[Broken]:
    if key not in INPUT_LEVELS:
        why = "of the UART, which moves at every boot; an output needs another"
        yield Broken((key,), f"GPIO {pin} is {UART_PINS[pin]} {why}")
        return
    for name, port in _serial_ports(box).items():
        if port in HEADER_UARTS:
            yield Broken((key, name), f"GPIO {pin} is {UART_PINS[pin]} of {name} = {port}; choose another")


def _channels(box: Wallbox) -> Iterator[Broken]:
    channels = {"pilot.high_channel": box.pilot.high_channel, "pilot.low_channel": box.pilot.low_channel}
    if box.proximity is not None:
        channels["proximity.channel"] = box.proximity.channel
    yield from _one_use(channels, {}, "channel")


def _one_use(uses: dict[str, int], taken: dict[int, str], what: str) -> Iterator[Broken]:
    taken = dict(taken)
    for key, number in uses.items():
        if number in taken:
            others = (taken[number],) if taken[number] in uses else ()
            yield Broken((key, *others), f"{what} {number} is already {taken[number]}; choose another")
        taken.setdefault(number, key)


def _order(box: Wallbox) -> Iterator[Broken]:
    if box.temperature is not None and box.temperature.derate_from_c >= box.temperature.stop_at_c:
        keys = ("temperature.derate_from_c", "temperature.stop_at_c")
        yield Broken(keys, f"must be below temperature.stop_at_c = {box.temperature.stop_at_c:g}")
    if box.reader is not None and box.reader.min_length > box.reader.max_length:
        keys = ("reader.min_length", "reader.max_length")
        yield Broken(keys, f"must be at most reader.max_length = {box.reader.max_length}")


def _serial_ports(box: Wallbox) -> dict[str, str]:
    parts = {"meter.port": box.meter, "house.port": box.house, "reader.port": box.reader}
    return {key: part.port for key, part in parts.items() if part is not None}


def _ports(box: Wallbox) -> Iterator[Broken]:
    for key, port in _serial_ports(box).items():
        if not port.startswith("/") and not (key != "reader.port" and port[:4] == "tcp:"):
            yield Broken((key,), _no_path(key, port))
    if box.reader is None:
        return
    if box.reader.port == box.meter.port:
        yield Broken(("reader.port", "meter.port"), "is already the port of the meter; each needs its own")
    elif box.house is not None and box.reader.port == box.house.port:
        why = "is already the port of the house meter; each needs its own"
        yield Broken(("reader.port", "house.port"), why)


def _no_path(key: str, port: str) -> str:
    how = "write the path of a serial port, as /dev/serial/by-id/... or /dev/ttyUSB0"
    if port.upper().startswith("COM"):
        return f"is a name of Windows; {how}: `ls /dev/serial/by-id` lists them"
    network = ", or tcp://HOST:PORT for a meter on the network" if key != "reader.port" else ""
    return f"is no path; {how}{network}"


def _meter(box: Wallbox) -> Iterator[Broken]:
    yield from _map(box.meter, "meter")
    if box.meter.phases < box.installation.phases:
        why = f"measures one phase, this box has {box.installation.phases}; choose a meter of three phases"
        yield Broken(("meter.model", "installation.phases"), why)
    if box.meter.port.startswith("tcp:"):
        yield from _network(box.meter, "meter")


def _map(meter: ModbusMeter, section: str) -> Iterator[Broken]:
    """Demands a sound map of a meter of your own, and of no other."""
    keys = (f"{section}.map", f"{section}.model")
    if meter.model == OWN and meter.map is None:
        yield Broken(keys, 'this section is missing; model = "own" needs it')
    elif meter.model != OWN and meter.map is not None:
        yield Broken(keys, 'only for model = "own"; remove this section')
    elif meter.map is not None:
        for key, why in broken(meter.map):
            yield Broken((f"{section}.map.{key}", f"{section}.map"), why)


def _house(box: Wallbox) -> Iterator[Broken]:
    house = box.house
    if house is None:
        return
    yield from _map(house, "house")
    measured, phases = house.phases, box.installation.phases
    if measured < phases:
        why = f"measures one phase, this box has {phases}; choose a meter of three phases"
        yield Broken(("house.model", "installation.phases"), why)
    if house.box_phase != 1 and phases == 3:
        why = "is for a box of one phase; remove it: a box of three has the key ConnectorPhaseRotation"
        yield Broken(("house.box_phase", "installation.phases"), why)
    elif house.box_phase > measured:
        why = f"must be 1: the meter {house.model} measures one phase"
        yield Broken(("house.box_phase", "house.model"), why)
    if house.port.startswith("tcp:"):
        yield from _network(house, "house")
    if house.port == box.meter.port:
        yield from _shared_bus(house, box.meter)


def _shared_bus(house: ModbusMeter, meter: ModbusMeter) -> Iterator[Broken]:
    """Demands two units on the one bus, and one setting of its line."""
    if house.unit == "auto":
        why = "is missing; both meters are on one bus, so set one on the meter itself, and write it here"
        yield Broken(("house.unit", "house.port", "meter.port"), why)
    elif house.unit == _unit(meter):
        why = f"is already the unit of [meter] on {meter.port}; set another one on the meter itself"
        yield Broken(("house.unit", "house.port", "meter.unit", "meter.port"), why)
    for key in ("baud", "parity", "stop_bits"):
        wanted, there = getattr(house, key), getattr(meter, key)
        if wanted not in ("auto", there):
            why = f"must be auto or meter.{key} = {there}: both meters are on one bus, {meter.port}"
            yield Broken((f"house.{key}", f"meter.{key}", "house.port", "meter.port"), why)


def _unit(meter: ModbusMeter) -> int:
    return SHIPPED_UNIT.get(meter.model, 1) if meter.unit == "auto" else meter.unit


def _network(meter: ModbusMeter, section: str) -> Iterator[Broken]:
    """Demands that a meter on the network has an address in place of a line."""
    port = f"{section}.port"
    if not _is_address(meter.port):
        yield Broken((port,), "is no address; write tcp://HOST or tcp://HOST:PORT, as tcp://10.0.0.5:502")
    for key in ("baud", "parity", "stop_bits"):
        if getattr(meter, key) != "auto":
            yield Broken((f"{section}.{key}", port), "is of a serial port; remove it for Modbus TCP")


def _is_address(port: str) -> bool:
    try:
        address = urlsplit(port)
        return (
            port.startswith("tcp://")
            and bool(address.hostname)
            and address.port != 0
            and not (address.path or address.query or address.fragment or address.username)
        )
    except ValueError:  # a port beyond 65535, a bracket that does not close
        return False


def _sensor(box: Wallbox) -> Iterator[Broken]:
    """Demands a 1-wire name of family and 48 bits; a DS18B20 is of family 28."""
    name = box.temperature.sensor if box.temperature is not None else "auto"
    family, _, number = name.partition("-")
    if name != "auto" and (family != "28" or len(number) != 12 or not set(number) <= _HEX):
        why = "must be auto, or 28- and twelve hex digits, as `ls /sys/bus/w1/devices` shows it"
        yield Broken(("temperature.sensor",), why)


def _hardware(box: Wallbox) -> Iterator[Broken]:
    for key, (holds, bound) in HARDWARE_BOUNDS.items():
        section, name = key.split(".")
        part = getattr(box, section)
        if part is not None and not holds(getattr(part, name), bound):
            side = "at least" if holds is ge else "at most"
            yield Broken((key,), f"must be {side} {bound:g} on a real box; only --mock may be faster")
