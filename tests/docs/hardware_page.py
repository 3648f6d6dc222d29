"""docs/hardware.md and its drawings from data: `python -m tests.docs.hardware_page`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.docs.drawings import drawings
from tests.docs.netlist import CIRCUITS, value

PAGE = Path(__file__).parents[2] / "docs" / "hardware.md"
HEAD = """# Hardware: the box as a drawing, and what to buy

For the **builder**. This page shows; [wiring.md](wiring.md) says why each part is as it is, and what each
failure does.

The drawings and this page are written by `python -m tests.docs.hardware_page`. Every value of a part that
is simulated is read from its netlist in [docs/circuits](circuits/), and the pins from the file that
`evse-bridge config init` writes; a test fails when they differ.

## Safety first

- **Mains wiring is an electrician's work**, under the rules of your country. Nobody has built this box yet,
  and nobody has certified it.
- A 30 mA residual current device, detection of 6 mA DC that trips by itself, over-current protection and
  monitoring of the protective earth are hardware. They must work without the Raspberry Pi: this software
  replaces none of them.
- Switch the mains off, and make sure that they are off, before you open the box. The pilot is a low
  voltage, but it lies beside mains in the same cable and the same socket: keep the insulation that your
  rules ask for between the two.
- The protective earth goes from the mains to the socket without any switch. It is the 0 V of the pilot.
- The contactor must have a **mirror contact** (normally closed, linked by force), and must be able to open
  under load.
- Low means safe: each output has its pull-down, so that a dead Raspberry Pi closes nothing and moves
  nothing.
- Measure before you connect a car: 3.0 V at VREF, ±15 V; at the pilot −12 V (called F) from power-on until
  the programs run, and +12 V (called x1) while they run and no car is there. Then `evse-bridge doctor`.
"""
# After which drawing stands what.
BELOW = {
    "overview": "The two blocks in blue in the mains protect people. They are not controlled by the "
    "software.",
    "header": "Blue: used by a new `wallbox.toml`; every pin is a setting. Take GPIO 9 to 27 for "
    "outputs: the Pi "
    "pulls 0 to 8 up at boot. GPIO 14 and 15 move at every boot.",
    "pilot-source": "`R1` and `R2` are 17.4 and 23.2 kΩ of the E96 row, `Rf` 69.8 kΩ. TL071H on ±15 V. "
    "`Cbox` may be "
    "300 pF to 1.6 nF.",
    "pilot-hold": "TL074H on ±15 V. The divider is 0.1 %. The low side is the same circuit with the "
    "diode turned, to "
    "channel 1 of the MCP3208; all four amplifiers of one TL074H are used.",
    "reference": "It supplies VREF of the MCP3208, both dividers and the source.",
    "contactor": "Without `contactor.watchdog_pin`, the wire goes from +24 V straight to the coil, and "
    "the chip's own "
    "watchdog is needed. The mirror contact uses the Pi's pull-up.",
    "lock": "Pull-downs of 10 kΩ. `phase_enable` and `solenoid` drivers are wired likewise: see "
    "[wiring.md](wiring.md#cable-lock).",
    "proximity": "A fixed cable has no PP. The plug's resistor is the rating of the cable: 1500 Ω 13 A, "
    "680 Ω 20 A, "
    "220 Ω 32 A, 100 Ω 63 A.",
    "monitor": "Both contacts are closed while all is well, so that a cut wire reads as the worse "
    "state. `rcm.pin`, "
    "`rcm.test_pin` and `stop.pin` are yours to choose.",
    "serial": "Which meters and readers, and their settings: [instruments.md](instruments.md).",
}


def parts() -> Iterator[tuple[str, str, str]]:
    """The bill of materials: what, which, on whose word."""
    source, hold, divider = (f"pilot.lib/{each}/" for each in ("pilot_source", "hold_high", "divider"))
    yield "Raspberry Pi", "Zero 2 W, 3, 4 or 5", "by its maker's papers"
    yield "pilot: buffer", "74LVC1G17", "by data sheet, at second hand"
    yield "pilot: amplifiers", "1 TL071H, 1 TL074H (the H kinds)", "by data sheet (SLOS080)"
    yield "pilot: reference", "LM4040-3.0 B or MCP1501-30", "by data sheet, at second hand"
    yield "pilot: converter", "MCP3208", "by data sheet (DS21298)"
    yield "pilot: diodes", "2 × 1N4148", "by data sheet, at second hand"
    yield (
        "pilot: resistors of the source, 1 %",
        ", ".join(value(f"{source}{part}") for part in ("Rin", "Rdown", "Rf", "R1", "R2", "Rs")),
        "simulated",
    )
    yield (
        "pilot: resistors of each side",
        ", ".join(value(f"{hold}{part}") for part in ("Rin", "Rattack", "Rbleed")),
        "simulated",
    )
    yield (
        "pilot: divider of each side, 0.1 %",
        ", ".join(value(f"{divider}{part}") for part in ("Rtop", "Rref", "R0")),
        "simulated",
    )
    yield "pilot: hold capacitors", f"2 × {value(f'{hold}Chold')}, film or C0G", "simulated"
    yield "pilot: at the converter", f"2 × {value(f'{divider}Cpin')}", "simulated"
    yield (
        "pilot: where it leaves the box",
        "suppressor diode, 15 to 18 V, bidirectional, under 500 pF",
        "not tried",
    )
    yield "supply", "5 V for the Pi, ±15 V made of it; 24 V, or what contactor and lock need", "not tried"
    driver = "contactor.cir//"
    yield (
        "contactor: driver",
        f"IRLZ44N, {value(f'{driver}Rgate')}, {value(f'{driver}Rdown')}, 1N4007, Zener diode of 24 V",
        "simulated; by data sheet, at second hand",
    )
    yield "contactor", "coil for its driver, with a mirror contact", "not tried"
    yield "contactor: watchdog", "charge pump or watchdog relay, hold time 50 to 150 ms", "not tried"
    yield "lock", "motor or solenoid with feedback; H-bridge with pull-downs", "not tried"
    near = "proximity.cir//"
    yield (
        "proximity",
        ", ".join(value(f"{near}{part}") for part in ("Rpull", "Rfilter", "Cfilter")),
        "simulated",
    )
    yield "residual current", "monitor of 6 mA DC that trips by its own relay; a 30 mA device", "not tried"
    yield (
        "meter",
        "one of 17 makes, with an RS-485 adapter ([list](instruments.md))",
        "by their papers and others' code",
    )
    yield (
        "card reader",
        "none, or a serial one ([list](instruments.md#card-readers))",
        "by their papers and others' code",
    )


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_sections(), *_bill(), ""])


def _sections() -> Iterator[str]:
    for drawing in drawings():
        yield f"## {drawing.title}\n"
        yield f"![{drawing.description}](circuits/{drawing.name}.svg)\n"
        yield f"{BELOW[drawing.name]}\n"


def _bill() -> Iterator[str]:
    yield "## Bill of materials\n"
    yield (
        "**Tested here: none.** No part has been on our bench. *Simulated* means the netlists with "
        "ngspice; *by data "
        "sheet* that its numbers were read there, *at second hand* that somebody quotes them.\n"
    )
    yield "| part | which | on whose word |"
    yield "|---|---|---|"
    for what, which, word in parts():
        yield f"| {what} | {which} | {word} |"


def main() -> None:
    """Writes the page and its drawings."""
    for drawing in drawings():
        (CIRCUITS / f"{drawing.name}.svg").write_text(drawing.svg(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
