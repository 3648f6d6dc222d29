"""The drawings of docs/hardware.md, as data: places, names as in the netlists, values out of them."""

from __future__ import annotations

import tomllib
from typing import Any

from hal.configuration.wallbox_file import new_file
from tests.docs.drawing import Drawing
from tests.docs.netlist import value

# Of the 40-pin header: what stands at each pin, 1 to 40 (a number: that GPIO).
HEADER: tuple[int | str, ...] = (
    "3.3 V", "5 V", 2, "5 V", 3, "0 V", 4, 14, "0 V", 15, 17, 18, 27, "0 V", 22, 23, "3.3 V", 24, 10, "0 V",
    9, 25, 11, 8, "0 V", 7, 0, 1, 5, "0 V", 6, 12, 13, "0 V", 19, 16, 26, 20, "0 V", 21,
)  # fmt: skip
SPI = {10: "SPI0 MOSI, MCP3208", 9: "SPI0 MISO, MCP3208", 11: "SPI0 SCLK, MCP3208", 8: "SPI0 CE0, MCP3208"}
UART = {14: "UART TX, a card reader", 15: "UART RX, a card reader"}


def used_pins() -> dict[int, str]:
    """What each GPIO is for, by the file that `config init` writes."""
    written: dict[str, Any] = tomllib.loads(new_file(mock=False))
    of_keys = {
        ("pilot", "pin"): "pilot out (PWM)",
        ("contactor", "pin"): "contactor",
        ("contactor", "mirror_pin"): "mirror contact",
        ("lock", "forward_pin"): "lock: locks",
        ("lock", "backward_pin"): "lock: unlocks",
        ("lock", "feedback_pin"): "lock feedback",
    }
    defaults = {("pilot", "pin"): 18}
    found = {}
    for (section, key), what in of_keys.items():
        pin = written.get(section, {}).get(key, defaults.get((section, key)))
        if pin is not None:
            found[int(pin)] = what
    return {**found, **SPI, **UART}


def gpio(what: str) -> str:
    """Names the pin of that use."""
    return next(f"GPIO {pin}" for pin, use in used_pins().items() if use == what)


def overview() -> Drawing:
    d = Drawing(
        "overview",
        "Block diagram of the wallbox",
        "Mains pass the protective devices, the meter and the contactor to the socket. The Raspberry Pi "
        "reads "
        "the pilot through a converter, drives the contactor and the lock, and reads meter and cards.",
        106, 52,
    )  # fmt: skip
    d.text((1, 5.3), "L, N")
    d.text((1, 2.4), "PE")
    d.wire((4, 2), (93.5, 2), (93.5, 4))
    d.block(8, 4, 15, 6, "RCD 30 mA,", "over-current", kind="u")
    d.block(29, 4, 15, 6, "RCM 6 mA DC", "trips by itself", kind="u")
    d.block(50, 4, 12, 6, "meter", "Modbus")
    d.block(68, 4, 12, 6, "contactor", "with mirror")
    d.block(84, 4, 19, 6, "socket with lock,", "or fixed cable")
    for left, right in ((1, 8), (23, 29), (44, 50), (62, 68), (80, 84)):
        d.wire((left, 6), (right, 6))
        d.wire((left, 8), (right, 8))
    d.block(
        8,
        38,
        95,
        12,
        "Raspberry Pi",
        "hal.safety (pilot, contactor, lock) · hal.instruments · bridge",
        kind="u",
    )
    d.block(8, 22, 13, 7, "card reader", "serial")
    d.arrow((14, 29), (14, 38))
    d.arrow((36, 10), (36, 38))
    d.text((37, 26), "healthy")
    d.text((37, 27.6), "contact")
    d.arrow((53, 10), (53, 38))
    d.text((54, 26), "RS-485")
    d.block(60, 22, 11, 7, "driver", "with", "pull-down")
    d.arrow((65.5, 38), (65.5, 29))
    d.wire((65.5, 22), (65.5, 15), (72, 15))
    d.arrow((72, 15), (72, 10))
    d.arrow((76, 10), (76, 38))
    d.text((76.7, 31.5), "mirror")
    d.text((76.7, 33), "contact")
    d.block(80, 15, 14, 10, "pilot front end", "±15 V, VREF,", "MCP3208")
    d.wire((87, 10), (87, 15))
    d.text((87.7, 13.4), "CP, PP")
    d.arrow((87, 25), (87, 38))
    d.text((87.7, 31.5), "SPI,")
    d.text((87.7, 33), "PWM")
    d.block(96, 15, 7, 10, "lock", "with", "bridge")
    d.wire((99.5, 10), (99.5, 15))
    d.arrow((99.5, 38), (99.5, 25))
    return d


def header() -> Drawing:
    d = Drawing(
        "header",
        "Pins of the Raspberry Pi",
        "The 40-pin header seen from above, pin 1 at the top left, with the pins that a new "
        "wallbox.toml uses.",
        74, 62,
    )  # fmt: skip
    uses = used_pins()
    for index, what in enumerate(HEADER):
        row, right = divmod(index, 2)
        x, y = (40.0, 4 + row * 2.8) if right else (32.0, 4 + row * 2.8)
        is_used = isinstance(what, int) and what in uses
        d.block(x, y - 1.2, 3, 2.4, str(index + 1), kind="u" if is_used else "b")
        name = f"GPIO {what}" if isinstance(what, int) else what
        use = uses.get(what, "") if isinstance(what, int) else ""
        said = " · ".join(part for part in ((name, use) if right else (use, name)) if part)
        d.text(
            (x + 4, y + 0.4) if right else (x - 1, y + 0.4), said, "start" if right else "end", "v" * is_used
        )
    return d


def pilot_source() -> Drawing:
    d = Drawing(
        "pilot-source",
        "Pilot front end: the source",
        f"{gpio('pilot out (PWM)')} through a buffer on the reference to an amplifier that makes plus "
        f"and minus "
        "12 V; then 1 kilohm to the pilot contact.",
        96, 36,
    )  # fmt: skip
    of = "pilot.lib/pilot_source/"
    d.terminal((10, 12), gpio("pilot out (PWM)"))
    d.resistor((10.3, 12), (19, 12), "Rin", value(f"{of}Rin"))
    d.wire((19, 12), (24, 12))
    d.dot((19, 12))
    d.resistor((19, 12), (19, 23), "Rdown", value(f"{of}Rdown"))
    d.ground((19, 23))
    d.buffer((24, 12), "74LVC1G17")
    d.supply((25, 7.5), "VREF 3.0 V")
    d.wire((25, 7.5), (25, 10.9))
    d.wire((27, 12), (34, 12))
    d.amplifier((34, 13), "TL071H")
    d.wire((39, 13), (43, 13), (43, 23))
    d.dot((43, 13))
    d.resistor((33, 23), (43, 23), "Rf", value(f"{of}Rf"))
    d.wire((34, 14), (32, 14), (32, 23), (33, 23))
    d.dot((32, 23))
    d.resistor((32, 23), (32, 31), "R2", value(f"{of}R2"))
    d.ground((32, 31))
    d.resistor((24, 25), (32, 25), "R1", value(f"{of}R1"))
    d.dot((32, 25))
    d.wire((24, 25), (24, 21))
    d.supply((24, 21), "VREF")
    d.resistor((43, 13), (53, 13), "Rs", value(f"{of}Rs"))
    d.dot((53, 13))
    d.capacitor((53, 13), (53, 22), "Cbox", value("pilot.cir//Cbox"))
    d.ground((53, 22))
    d.wire((53, 13), (60, 13))
    d.block(60, 10.5, 12, 5, "pilot relay", "(option)")
    d.wire((72, 13), (83, 13))
    d.dot((76, 13))
    d.diode((76, 17), (76, 13), "", zener=True)  # two against each other: it must let -12 V pass
    d.diode((76, 17), (76, 21), "suppressor, both ways", "15 to 18 V", zener=True)
    d.ground((76, 24))
    d.wire((76, 21), (76, 24))
    d.terminal((83.3, 13), "CP", "start")
    return d


def pilot_hold() -> Drawing:
    d = Drawing(
        "pilot-hold",
        "Pilot front end: peak-hold and divider of the high side",
        "The pilot through 10 kilohm to a precision rectifier, a hold capacitor of 100 nanofarad with 200 "
        "kilohm, a follower, and a divider to the converter. The low side is the same with the diode turned.",
        112, 32,
    )  # fmt: skip
    of = "pilot.lib/hold_high/"
    d.terminal((6, 12), "CP")
    d.resistor((6.3, 12), (17, 12), "Rin", value(f"{of}Rin"))
    d.wire((17, 12), (21, 12))
    d.amplifier((21, 13), "TL074H")
    d.diode((26, 13), (33, 13), "1N4148")
    d.dot((34, 13))
    d.wire((33, 13), (34, 13), (34, 20), (19, 20), (19, 14), (21, 14))
    d.resistor((34, 13), (44, 13), "Rattack", value(f"{of}Rattack"))
    d.dot((44, 13))
    d.capacitor((44, 13), (44, 23), "Chold", value(f"{of}Chold"))
    d.ground((44, 23))
    d.text((44, 27), "film or C0G", "middle")
    d.wire((44, 13), (63, 13))
    d.dot((53, 13))
    d.resistor((53, 13), (53, 23), "Rbleed", value(f"{of}Rbleed"))
    d.ground((53, 23))
    d.amplifier((63, 14), "TL074H")
    d.wire((68, 14), (71, 14), (71, 21), (61, 21), (61, 15), (63, 15))
    d.dot((71, 14))
    of = "pilot.lib/divider/"
    d.resistor((71, 14), (82, 14), "Rtop", value(f"{of}Rtop"))
    d.dot((83, 14))
    d.wire((82, 14), (99, 14))
    d.resistor((83, 5), (83, 14), "Rref", value(f"{of}Rref"))
    d.supply((83, 5), "VREF 3.0 V")
    d.resistor((83, 14), (83, 23), "R0", value(f"{of}R0"))
    d.ground((83, 23))
    d.dot((93, 14))
    d.capacitor((93, 14), (93, 23), "Cpin", value(f"{of}Cpin"))
    d.ground((93, 23))
    d.terminal((99.3, 14), "MCP3208 CH0", "start")
    return d


def reference() -> Drawing:
    d = Drawing(
        "reference",
        "The reference of 3.0 V",
        "A shunt reference behind 5.6 kilohm from plus 15 V supplies VREF of the converter, the dividers and "
        "the source.",
        44, 30,
    )  # fmt: skip
    d.supply((14, 4), "+15 V")
    d.resistor((14, 4), (14, 14), "Rref", value("power_on.cir//Rref"))
    d.dot((14, 14))
    d.diode((14, 23), (14, 14), "LM4040-3.0 B", "3.0 V, 0.2 %", zener=True)
    d.ground((14, 23))
    d.wire((14, 14), (31, 14))
    d.terminal((31.3, 14), "VREF", "start")
    return d


def contactor() -> Drawing:
    d = Drawing(
        "contactor",
        "Contactor driver with pull-down, watchdog and mirror contact",
        f"{gpio('contactor')} through 1 kilohm to the gate of a transistor that switches the coil; 10 "
        f"kilohm from "
        "the gate to 0 V keep it off. A watchdog relay in series holds the coil only while its input "
        "toggles.",
        100, 40,
    )  # fmt: skip
    of = "contactor.cir//"
    d.terminal((14, 28), gpio("contactor"))
    d.resistor((14.3, 28), (24, 28), "Rgate", value(f"{of}Rgate"))
    d.wire((24, 28), (39.6, 28))
    d.dot((28, 28))
    d.resistor((28, 28), (28, 36), "Rdown", value(f"{of}Rdown"))
    d.ground((28, 36))
    d.transistor((39.6, 28), "IRLZ44N")
    d.wire((42, 30), (42, 34))
    d.ground((42, 34))
    d.wire((42, 26), (42, 23))
    d.dot((42, 23))
    d.coil((42, 14), (42, 23), "K1, coil")
    d.dot((42, 14))
    d.wire((42, 14), (57, 14))
    d.wire((42, 23), (57, 23))
    d.diode((57, 23), (57, 18.5), "Dfly", "1N4007")
    d.diode((57, 14), (57, 18.5), "Dzener", "24 V", zener=True)
    d.contact((42, 5), (42, 14), "watchdog relay")
    d.supply((42, 5), "+24 V")
    d.terminal((18, 9.5), "watchdog_pin (option)")
    d.wire((18.3, 9.5), (22, 9.5))
    d.block(22, 7, 15, 5, "needs edges:", "50 to 150 ms")
    d.link((37, 9.5), (41.4, 9.5))
    d.wire((82, 12), (82, 14))
    d.contact((82, 14), (82, 22), "mirror contact", "closed while K1 is off", opens=True)
    d.ground((82, 22))
    d.terminal((82, 11.7), gpio("mirror contact"), "start")
    return d


def lock() -> Drawing:
    d = Drawing(
        "lock",
        "Cable lock with a motor",
        "Two GPIO through an H-bridge with pull-downs to the motor of the lock; its feedback contact "
        "between a "
        "GPIO and 3.3 V.",
        86, 34,
    )  # fmt: skip
    for y, what in ((8, "lock: locks"), (15, "lock: unlocks")):
        d.terminal((14, y), gpio(what))
        d.wire((14.3, y), (34, y))
    for x, y in ((20, 8), (31, 15)):
        d.dot((x, y))
        d.wire((x, y), (x, 18))
        d.resistor((x, 18), (x, 27), "pull-down")
        d.ground((x, 27))
    d.block(34, 5, 13, 13, "H-bridge", "never both", "sides on")
    d.wire((47, 8), (54, 8))
    d.wire((47, 15), (54, 15))
    d.block(54, 6, 8, 11, "M", "lock")
    d.supply((72, 7), "3.3 V")
    d.contact((72, 7), (72, 18), "feedback", "closed: locked")
    d.wire((72, 18), (72, 23))
    d.terminal((72, 23.3), gpio("lock feedback"), "start")
    return d


def proximity() -> Drawing:
    d = Drawing(
        "proximity",
        "Proximity pilot",
        "330 ohm from 3.3 V to the PP contact; the resistor in the plug to earth; 10 kilohm and 100 "
        "nanofarad to "
        "channel 2 of the converter.",
        76, 32,
    )  # fmt: skip
    of = "proximity.cir//"
    d.supply((30, 5), "3.3 V")
    d.resistor((30, 5), (30, 15), "Rpull", value(f"{of}Rpull"))
    d.dot((30, 15))
    d.wire((22, 15), (30, 15))
    d.terminal((21.7, 15), "")
    d.text((21.7, 13.7), "PP", "middle", "h")
    d.wire((21.4, 15), (12, 15))
    d.resistor((12, 15), (12, 25), "in the plug")
    d.ground((12, 25), "PE")
    d.resistor((30, 15), (42, 15), "Rfilter", value(f"{of}Rfilter"))
    d.dot((46, 15))
    d.capacitor((46, 15), (46, 25), "Cfilter", value(f"{of}Cfilter"))
    d.ground((46, 25))
    d.wire((42, 15), (60, 15))
    d.terminal((60.3, 15), "MCP3208 CH2", "start")
    return d


def monitor() -> Drawing:
    d = Drawing(
        "monitor",
        "Residual current monitor and stop button",
        "The healthy contact of the monitor lies between 3.3 V and a GPIO; its test input at another. "
        "It trips "
        "the mains by its own relay. The stop button opens a contact to 0 V.",
        100, 30,
    )  # fmt: skip
    d.block(24, 8, 20, 12, "RCM 6 mA DC", "its own relay trips", "the mains", kind="u")
    d.terminal((18, 17), "rcm.test_pin")
    d.arrow((18.3, 17), (24, 17))
    d.link((44, 14), (53.4, 14))
    d.supply((54, 7), "3.3 V")
    d.contact((54, 7), (54, 20), "healthy", "closed while powered")
    d.wire((54, 20), (54, 23))
    d.terminal((54, 23.3), "rcm.pin", "start")
    d.wire((82, 9), (82, 7))
    d.terminal((82, 6.7), "stop.pin", "start")
    d.contact((82, 9), (82, 20), "stop button", "", opens=True)
    d.ground((82, 20))
    return d


def serial() -> Drawing:
    d = Drawing(
        "serial",
        "Meter and card reader",
        "The meter on RS-485 behind a USB adapter, the card reader on a serial port of its own.",
        90, 28,
    )  # fmt: skip
    d.block(4, 4, 18, 18, "Raspberry Pi", "hal.instruments", kind="u")
    d.wire((22, 8), (32, 8))
    d.text((27, 7.2), "USB", "middle")
    d.block(32, 4, 16, 8, "USB adapter", "RS-485")
    d.wire((48, 6.5), (68, 6.5))
    d.wire((48, 9.5), (68, 9.5))
    d.text((58, 5.8), "A", "middle")
    d.text((58, 8.8), "B", "middle")
    d.block(68, 4, 17, 8, "meter", "Modbus RTU")
    d.text((58, 11.8), "twisted pair; termination", "middle")
    d.text((58, 13.3), "as their makers say", "middle")
    d.wire((22, 19), (32, 19))
    d.text((27, 18.2), "serial", "middle")
    d.block(32, 16, 23, 8, "card reader", "USB, or UART at 3.3 V")
    return d


def drawings() -> list[Drawing]:
    """All of them, in the order of the page."""
    return [
        overview(), header(), pilot_source(), pilot_hold(), reference(), contactor(), lock(), proximity(),
        monitor(), serial(),
    ]  # fmt: skip
