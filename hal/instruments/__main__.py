"""`python -I -m hal.instruments --config-dir C --state-dir D --runtime-dir R [--mock]`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

from hal import logs
from hal.configuration import wallbox_file
from hal.configuration.file import ConfigError
from hal.configuration.sections import Wallbox
from hal.contract import WALLBOX_FILE
from hal.instruments.senses import Folders, Senses
from hal.notify import Notify


async def _live(wallbox: Wallbox, state_dir: Path, runtime_dir: Path, *, mock: bool) -> None:
    notify = Notify(os.environ)
    running = asyncio.create_task(Senses(wallbox, Folders(state_dir, runtime_dir), notify, mock=mock).run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


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
    asyncio.run(_live(wallbox, options.state_dir, options.runtime_dir, mock=options.mock))
    return 0


if __name__ == "__main__":
    sys.exit(main())
