"""PURE: the sections of wallbox.toml about the wires that `hal.safety` drives and reads.

Every output is low, and safe, when the box is off: GPIO 0 to 8 are pulled up at boot and cannot be one. Every
input rests active when healthy, so that a cut wire is the worse answer.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Gpio = Annotated[int, Meta(ge=0, le=27, description="GPIO number on the 40-pin header")]
Output = Annotated[int, Meta(ge=9, le=27)]  # GPIO 0 to 8 are pulled up at boot
AdcChannel = Annotated[int, Meta(ge=0, le=7, description="input of the MCP3208")]
Level = Literal["high", "low"]


class Section(msgspec.Struct, frozen=True):
    """Base of all sections; a docstring is the section's comment in the written file."""


class Adc(Section, frozen=True):
    """The MCP3208 that reads pilot and proximity."""

    # gpiozero drives any other bus by bit-banging, which no tick can wait for.
    spi_port: Annotated[Literal[0], Meta(description="SPI bus; only bus 0 (GPIO 9 to 11) is supported")] = 0
    spi_device: Annotated[int, Meta(ge=0, le=1, description="chip select of the converter")] = 0
    # The reference front end of docs/wiring.md: a 3.0 V part, not the 3.3 V rail.
    max_voltage_v: Annotated[float, Meta(ge=1, le=5.5, description="reference voltage of the converter")] = (
        3.0
    )


class Pilot(Section, frozen=True):
    """Control pilot: hardware PWM out, peak-hold of both half-waves in.
    Volts at the pilot = volts at the converter * gain + offset_v."""

    # The pins on the header that a hardware PWM reaches.
    pin: Annotated[Literal[12, 13, 18, 19], Meta(description="GPIO of the hardware PWM")] = 18
    pwm_device: Annotated[
        str, Meta(min_length=1, description="device of the PWM chip, for example fe20c000.pwm; auto finds it")
    ] = "auto"
    connect_pin: Annotated[
        Output | None,
        Meta(description="GPIO of a relay that connects the pilot while high", examples=[22]),
    ] = None
    high_channel: Annotated[
        AdcChannel, Meta(description="input of the peak-hold of the positive half-wave")
    ] = 0
    low_channel: Annotated[
        AdcChannel, Meta(description="input of the peak-hold of the negative half-wave")
    ] = 1
    # The divider of docs/wiring.md: 110 kohm to the pin, 20 kohm to the 3.0 V reference, 24.3 kohm to 0 V.
    gain: Annotated[float, Meta(ge=1, le=100, description="volts at the pilot per volt at the converter")] = (
        11.03
    )
    offset_v: Annotated[
        float, Meta(ge=-50, le=0, description="volts at the pilot when the converter reads 0")
    ] = -16.5
    # The core takes the droop between two pulses out of the volts; the self test measures it again.
    hold_s: Annotated[
        float,
        Meta(ge=0.015, le=0.03, description="time constant of the peak-holds; 0.02 with 100 nF and 200 kohm"),
    ] = 0.02
    # IEC 61851-1 Table A.5: at least 300 ms; old hybrids latch on F, so it may be 0.
    fault_f_s: Annotated[
        float, Meta(ge=0, le=2, description="how long F is shown after a fault; 0: never")
    ] = 0.3


class Proximity(Section, frozen=True):
    """Proximity pilot of a socket: the resistor in the plug gives the rating of the cable."""

    channel: Annotated[AdcChannel, Meta(description="input of the converter")] = 2
    supply_v: Annotated[float, Meta(ge=1, le=12, description="supply voltage of the pull-up resistor")] = 3.3
    pull_up_ohm: Annotated[float, Meta(ge=100, le=10_000, description="the pull-up resistor")] = 330.0


class Contactor(Section, frozen=True):
    """The contactor and the mirror contact that shows whether it really opened."""

    # GPIO 0 to 8 are pulled up at boot.
    pin: Annotated[
        int,
        Meta(
            ge=9, le=27, description="GPIO that closes the contactor; 0 to 8 are high at boot", examples=[17]
        ),
    ]
    mirror_pin: Annotated[Gpio, Meta(description="GPIO of the mirror contact", examples=[27])]
    mirror_active: Annotated[
        Level, Meta(description="level that means open, so that a cut wire reads closed")
    ] = "low"
    watchdog_pin: Annotated[
        Output | None,
        Meta(
            description="GPIO of a charge pump that holds the contactor only while this line toggles",
            examples=[16],
        ),
    ] = None
    trip_pin: Annotated[
        Output | None,
        Meta(
            description="GPIO that trips the residual current device when the contactor is welded",
            examples=[20],
        ),
    ] = None
    min_off_s: Annotated[
        float, Meta(ge=0.1, le=600, description="shortest time open before it closes again")
    ] = 5.0
    after_fault_s: Annotated[
        float, Meta(ge=0.1, le=600, description="shortest time open after a fault or a start")
    ] = 30.0
    max_closings: Annotated[
        int, Meta(ge=1, le=10_000, description="closings allowed in closings_window_s")
    ] = 10
    closings_window_s: Annotated[
        float, Meta(ge=1, le=86_400, description="the time in which closings are counted")
    ] = 600.0
    starts_for_person: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            description="after this many starts in 10 minutes with a car in C a person must clear a fault",
        ),
    ] = 3


class Lock(Section, frozen=True):
    """What locks the plug in the socket, with its feedback: a motor on an H-bridge (forward_pin and
    backward_pin), a motor on a phase/enable driver (phase_pin, high locks, and enable_pin), or a
    solenoid that holds the plug only while it has power (solenoid_pin)."""

    feedback_pin: Annotated[Gpio, Meta(description="GPIO of the feedback contact", examples=[25])]
    kind: Annotated[
        Literal["motor", "phase_enable", "solenoid"], Meta(description="how the lock is driven")
    ] = "motor"
    forward_pin: Annotated[
        Output | None, Meta(description="GPIO of the bridge input that locks", examples=[23])
    ] = None
    backward_pin: Annotated[
        Output | None, Meta(description="GPIO of the bridge input that unlocks", examples=[24])
    ] = None
    phase_pin: Annotated[
        Output | None, Meta(description="GPIO of the direction, high locks", examples=[23])
    ] = None
    enable_pin: Annotated[Output | None, Meta(description="GPIO that runs the motor", examples=[24])] = None
    solenoid_pin: Annotated[
        Output | None, Meta(description="GPIO of the solenoid, high locks", examples=[23])
    ] = None
    feedback_active: Annotated[Level, Meta(description="level that means locked")] = "high"
    # Lock makers: 200 ms to 1 s in the field, 3 s at most.
    pulse_s: Annotated[float, Meta(ge=0.05, le=3, description="how long the motor is driven")] = 0.6
    retries: Annotated[int, Meta(ge=0, le=10, description="further tries when the feedback disagrees")] = 3
    retry_wait_s: Annotated[float, Meta(ge=0.1, le=60, description="wait before a further try")] = 5.0
    moves_per_minute: Annotated[
        int,
        Meta(ge=1, le=10, description="highest number of moves in a minute, so that the motor stays cool"),
    ] = 10


class Rcm(Section, frozen=True):
    """The residual current monitor. It trips by its own relay. `pin` shows the trip to the box; `test_pin`
    tests the monitor after each unplugging and every 24 h."""

    pin: Annotated[Gpio, Meta(description="GPIO of its healthy contact", examples=[5])]
    active: Annotated[Level, Meta(description="level that means healthy, so that a cut wire is a trip")] = (
        "high"
    )
    test_pin: Annotated[
        Output | None, Meta(description="GPIO of its test input, high tests", examples=[21])
    ] = None


class Stop(Section, frozen=True):
    """A stop button, normally closed."""

    kind: Annotated[
        Literal["stop", "emergency"],
        Meta(description="stop: ends the charge; emergency: a fault that a person clears", examples=["stop"]),
    ]
    pin: Annotated[Gpio, Meta(description="GPIO of the button", examples=[26])]
    active: Annotated[
        Level, Meta(description="level that means not pressed, so that a cut wire reads pressed")
    ] = "low"


class Dimming(Section, frozen=True):
    """The input by which the grid operator dims: a ripple control receiver, or the control box of a smart
    meter. Germany, section 14a EnWG: 4.2 kW stay. docs/load-management.md"""

    pin: Annotated[Gpio, Meta(description="GPIO of the operator's contact", examples=[6])]
    active: Annotated[
        Level, Meta(description="level that means not dimmed, so that a cut wire reads dimmed")
    ] = "low"
    limit_w: Annotated[
        float,
        Meta(
            ge=0,
            le=100_000,
            description="what stays, W of all phases; less than 6 A on each is a pause",
        ),
    ] = 4200.0
