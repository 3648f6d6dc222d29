"""The two configuration files of a mock box, with some values of the test's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from bridge import settings as bridge_settings
from bridge.local import settings as owner_settings
from hal.configuration import wallbox_file
from hal.contract import WALLBOX_FILE

Values = Mapping[str, object]  # "section.key" -> value

# Everything that makes a box slower than it need be for a test, and is a setting.
WALLBOX: Values = {
    "meter.poll_s": 0.5,
    "reader.hold_s": 0.5,
    "contactor.min_off_s": 0.5,
    "mock.energy_factor": 300.0,
    "mock.battery_wh": 1e6,  # never full in a test
}
CHARGE_POINT: Values = {
    "timing.transaction_time_out_s": 10.0,
    "timing.registration_retry_s": 1.0,
    "timing.back_off_first_s": 0.1,
    "timing.back_off_max_s": 0.5,
    "ocpp.keys.MeterValueSampleInterval": 1,
    "ocpp.keys.MinimumStatusDuration": 0,
}


def write(folder: Path, wallbox: Values, charge_point: Values) -> None:
    """Both files, with the values above and those given."""
    write_plain(folder, {**WALLBOX, **wallbox}, {**CHARGE_POINT, **charge_point})


def write_plain(folder: Path, wallbox: Values, charge_point: Values) -> None:
    """Both files as they are made new, with the values given; and no page: most tests do not look at one."""
    folder.mkdir()
    (folder / owner_settings.FILE_NAME).write_text("[page]\nenabled = false\n")
    files = {
        WALLBOX_FILE: (wallbox_file.new_file(mock=True), wallbox),
        bridge_settings.FILE_NAME: (bridge_settings.new_file(mock=True), charge_point),
    }
    for name, (text, values) in files.items():
        (folder / name).write_text(with_values(text, values))


def with_values(text: str, values: Values) -> str:
    """The file with those values, without the keys that are None. Raises KeyError for an absent section."""
    left = dict(values)
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        bare = line.removeprefix("#")
        if bare.startswith("["):
            section = bare.strip("[]")
            own = [key for key in left if key.rpartition(".")[0] == section]
            lines.append(bare if own else line)
            mine = {key: left.pop(key) for key in own}
            lines += [
                f"{key.rpartition('.')[2]} = {json.dumps(mine[key])}" for key in own if mine[key] is not None
            ]
        elif f"{section}.{bare.partition(' = ')[0]}" not in values:
            lines.append(line)
    if left:
        raise KeyError(f"no such section: {', '.join(left)}")
    return "\n".join(lines) + "\n"
