"""`python -I -m hal.instruments --config-dir C --state-dir D --runtime-dir R [--mock]`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from hal import ending, logs
from hal.configuration import wallbox_file
from hal.configuration.file import ConfigError
from hal.contract import WALLBOX_FILE
from hal.instruments.senses import Folders, Senses
from hal.notify import Notify

_ENDS_WITHIN_S = 4.0  # TimeoutStopSec of its unit is 5 s


def main(arguments: list[str] | None = None) -> int:
    """Returns 0 after SIGTERM or SIGINT, 2 for a wrong wallbox.toml."""
    parser = argparse.ArgumentParser(
        prog="hal.instruments", description="meter, card reader, thermometers and lamp of the wallbox"
    )
    for folder in ("--config-dir", "--state-dir", "--runtime-dir"):
        parser.add_argument(folder, type=Path, required=True)
    parser.add_argument("--mock", action="store_true", help="the wires of hal.mock")
    options = parser.parse_args(arguments)
    logs.begin("evse-instruments", "hal.instruments: %(message)s")
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # a lost answer is logged once, by `meters`
    try:
        wallbox = wallbox_file.load(options.config_dir / WALLBOX_FILE, mock=options.mock)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    if options.mock:
        logging.getLogger("hal.instruments").info("MOCK: all that is measured and shown is simulated")
    folders = Folders(options.state_dir, options.runtime_dir)
    ending.run(Senses(wallbox, folders, Notify(os.environ), mock=options.mock).run(), _ENDS_WITHIN_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())
