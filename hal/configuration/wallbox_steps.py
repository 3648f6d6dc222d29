"""PURE: what older versions said otherwise in wallbox.toml. A key that goes, or means something else, gets a
row here: then an update brings the owner's file along.
"""

from __future__ import annotations

from hal.configuration.migration import NewDefault, Renamed, Step

WALLBOX_STEPS: tuple[Step, ...] = (
    Renamed(
        "0.1.0.57",
        "pilot.pwm_channel",
        "pin",
        # The pilot was to be wired to GPIO 18: channel 0 on a Pi 3, 4 and Zero 2 W, 2 on a Pi 5 (RP1).
        {0: 18, 2: 18, 3: 19},
        "write the GPIO to which the pilot is wired, 12, 13, 18 or 19, as pin in its place",
    ),
    # The converter's reference became a part of 3.0 V: pilot and proximity of a circuit of before would be
    # misread, and with them the rating of the cable.
    NewDefault("0.1.0.216", "adc.max_voltage_v", 3.3),
    NewDefault("0.1.0.216", "pilot.gain", 10.0),
)
