"""PURE: the sections of wallbox.toml as frozen structs, and the whole of them: `Wallbox`.

The structs are the schema: types, bounds, defaults and the comments of the written file stand in them once.
Bounds in the structs hold for every box; where a mock box may be faster, `hal.configuration.rules` asks more
of a real one. No key switches a safety function off.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hal.configuration.line_sections import (
    Adc,
    Contactor,
    Dimming,
    Gpio,
    Level,
    Lock,
    Pilot,
    Proximity,
    Rcm,
    Stop,
)
from hal.configuration.line_sections import Section as _Section
from hal.configuration.meter_map import SINGLE_PHASE, MeterMap, MeterName

Baud = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]


class Installation(_Section, frozen=True):
    """The mains connection of this box."""

    max_current_a: Annotated[
        float, Meta(ge=6, le=32, description="what breaker, cable and laying allow", examples=[16.0])
    ]
    phases: Annotated[Literal[1, 3], Meta(description="phases that reach the car", examples=[3])]
    nominal_voltage_v: Annotated[
        float, Meta(ge=100, le=260, description="phase to neutral; used while the meter sends no voltage")
    ] = 230.0


class CableSettings(_Section, frozen=True):
    """How the car is connected."""

    kind: Annotated[
        Literal["socket", "fixed"],
        Meta(description="a Type 2 socket, or a fixed cable", examples=["socket"]),
    ]
    rating_a: Annotated[
        Literal[13, 20, 32, 63] | None,
        Meta(description="rating of a fixed cable, A; not for a socket", examples=[32]),
    ] = None


class ModbusMeter(_Section, frozen=True):
    """How a meter is reached and understood: what the box's own and the house's have in common."""

    model: Annotated[
        MeterName,
        Meta(
            description="make of the meter; own = described by you, in section map",
            examples=["eastron_sdm630"],
        ),
    ]
    port: Annotated[
        str,
        Meta(
            min_length=1,
            description="serial port (best by /dev/serial/by-id/...), or tcp://host:502 for Modbus TCP",
            examples=["/dev/ttyUSB0"],
        ),
    ]
    unit: Annotated[
        Annotated[int, Meta(ge=1, le=247)] | Literal["auto"], Meta(description="Modbus address")
    ] = "auto"
    baud: Annotated[
        Literal["auto", 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200], Meta(description="bits/s")
    ] = "auto"
    parity: Annotated[Literal["auto", "N", "E", "O"], Meta(description="parity: none, even or odd")] = "auto"
    stop_bits: Annotated[Literal["auto", 1, 2], Meta(description="stop bits")] = "auto"
    word_order: Annotated[
        Literal["auto", "big", "little"],
        Meta(description="which word comes first: the most significant (big) or the least (little)"),
    ] = "auto"
    max_block: Annotated[
        Annotated[int, Meta(ge=1, le=125)] | Literal["auto"], Meta(description="registers in one answer")
    ] = "auto"
    gap_ms: Annotated[
        Annotated[int, Meta(ge=0, le=1000)] | Literal["auto"], Meta(description="pause before each request")
    ] = "auto"
    poll_s: Annotated[float, Meta(ge=0.2, le=1, description="time between two readings")] = 1.0
    map: Annotated[MeterMap | None, Meta(description="registers of a meter of your own")] = None

    @property
    def phases(self) -> Literal[1, 3]:
        """Says how many phases it measures."""
        if self.map is not None:
            return self.map.phases
        return 1 if self.model in SINGLE_PHASE else 3


class Meter(ModbusMeter, frozen=True):
    """The energy meter, on RS-485 or on the network. "auto" = as the maker ships it."""

    replaced: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            description="add 1 after the meter was replaced or set to 0, if it sends no serial number",
        ),
    ] = 0


class House(ModbusMeter, frozen=True, kw_only=True):
    """The house meter, at the main fuse: the offer follows the load of the house. It may share the bus of
    [meter], then under a number (unit) of its own; "auto" means that line's settings there.
    docs/load-management.md"""

    port: Annotated[
        str,
        Meta(
            min_length=1,
            description="serial port, that of [meter] if both share its bus; or tcp://host:502",
            examples=["/dev/ttyUSB1"],
        ),
    ]
    fuse_a: Annotated[
        float, Meta(ge=10, le=400, description="main fuse of the house, on each phase", examples=[35.0])
    ]
    when_quiet_a: Annotated[
        Annotated[float, Meta(ge=6, le=32)] | Literal[0],
        Meta(description="what the car may take while the house meter is quiet, A; 0 pauses"),
    ] = 6.0
    box_phase: Annotated[
        Literal[1, 2, 3], Meta(description="phase of the house that feeds a box of one phase")
    ] = 1


class Reader(_Section, frozen=True):
    """The card reader. The keys from `alphabet` on are only for model = "line"."""

    model: Annotated[
        Literal["rdm6300", "id12la", "pn532", "line"],
        Meta(
            description="RDM6300, ID-12LA or ID-20LA, PN532 (HSU), or any reader that sends a line",
            examples=["rdm6300"],
        ),
    ]
    port: Annotated[str, Meta(min_length=1, description="serial port", examples=["/dev/ttyAMA0"])]
    baud: Annotated[Baud | Literal["auto"], Meta(description="bits/s; auto = as the model is delivered")] = (
        "auto"
    )
    reverse_bytes: Annotated[bool, Meta(description="reverse the bytes of the card number")] = False
    hold_s: Annotated[
        float, Meta(ge=0.5, le=10, description="within this time the same card counts as one presentation")
    ] = 2.0
    alphabet: Annotated[
        str, Meta(min_length=2, max_length=64, description="characters that a card number may contain")
    ] = "0123456789ABCDEF"
    # OCPP 1.6 7.28 IdToken: CiString20.
    min_length: Annotated[int, Meta(ge=1, le=20, description="shortest card number")] = 8
    max_length: Annotated[int, Meta(ge=1, le=20, description="longest card number")] = 20
    prefix: Annotated[str, Meta(max_length=16, description="what stands before the number")] = ""
    suffix: Annotated[str, Meta(max_length=16, description="what stands after the number")] = ""
    terminator: Annotated[Literal["cr", "lf", "crlf", "any"], Meta(description="what ends a line")] = "any"


class TemperatureSettings(_Section, frozen=True):
    """A thermometer at the contacts, a DS18B20 on the 1-wire bus. Between derate_from_c and stop_at_c the
    current limit falls in a straight line from max_current_a to 6 A; from stop_at_c on it is 0."""

    sensor: Annotated[
        str,
        Meta(
            min_length=1,
            description="name in /sys/bus/w1/devices, for example 28-01191ed1f4d7; auto = the only one",
        ),
    ] = "auto"
    derate_from_c: Annotated[
        float, Meta(ge=40, le=90, description="at this temperature the limit begins to fall, °C")
    ] = 70.0
    stop_at_c: Annotated[float, Meta(ge=45, le=100, description="at this temperature charging stops, °C")] = (
        85.0
    )


class Lamp(_Section, frozen=True):
    """A lamp of three colours. docs/instruments.md explains its patterns."""

    red_pin: Annotated[Gpio, Meta(description="GPIO of red; 0 to 8 are high at boot", examples=[12])]
    green_pin: Annotated[Gpio, Meta(description="GPIO of green", examples=[13])]
    blue_pin: Annotated[Gpio, Meta(description="GPIO of blue", examples=[19])]
    active: Annotated[Level, Meta(description="level that switches a light on")] = "high"


class Mock(_Section, frozen=True):
    """The simulated box, read only with --mock."""

    kernel: Annotated[
        Literal["keeps", "releases"],
        Meta(description="what happens to the outputs of a dead process; a Raspberry Pi keeps them"),
    ] = "keeps"
    meter_start_wh: Annotated[
        int, Meta(ge=0, le=10**12, description="the count of the meter at its first start")
    ] = 12_345_000
    energy_factor: Annotated[
        float, Meta(ge=1, le=10_000, description="energy flows this many times faster")
    ] = 1.0
    car_phases: Annotated[Literal[1, 3], Meta(description="phases of the car's charger")] = 3
    car_max_a: Annotated[float, Meta(ge=6, le=80, description="the car's charger, per phase")] = 16.0
    battery_wh: Annotated[float, Meta(ge=100, le=10**6, description="the car's battery")] = 60_000.0
    state_of_charge_pct: Annotated[float, Meta(ge=0, le=100, description="state of charge at plug-in, %")] = (
        40.0
    )


class Wallbox(msgspec.Struct, frozen=True, kw_only=True):
    """This wallbox: its parts and its wiring."""

    installation: Installation
    cable: CableSettings
    adc: Adc = Adc()
    pilot: Pilot = Pilot()
    proximity: Proximity | None = None
    contactor: Contactor
    lock: Lock | None = None
    rcm: Rcm | None = None
    stop: Stop | None = None
    meter: Meter
    house: House | None = None
    dimming: Dimming | None = None
    reader: Reader | None = None
    temperature: TemperatureSettings | None = None
    lamp: Lamp | None = None
    mock: Mock = Mock()
