"""The owner's side as a process: `python -I -m bridge.local`, with the three folders and perhaps `--mock`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from bridge.local import owner, settings
from hal import ending, logs
from hal.configuration.file import ConfigError

ENDS_WITHIN_S = 5.0

log = logging.getLogger("bridge.local")


def main(config_dir: Path, state_dir: Path, runtime_dir: Path, *, mock: bool) -> int:
    """Runs the owner's side. 0: ended in order; 2: bad configuration."""
    logs.begin("evse-local", "%(message)s")
    try:
        read = settings.load(config_dir / settings.FILE_NAME)
    except ConfigError as error:
        for line in str(error).splitlines():
            log.critical("%s", line)
        return 2
    try:
        state_dir.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        log.error("%s cannot be made: %s; the page keeps nothing over a restart", state_dir, error.strerror)
    ending.run(owner.run(read, state_dir, runtime_dir, mock=mock), ENDS_WITHIN_S)
    return 0


def _run() -> int:
    parser = argparse.ArgumentParser(prog="bridge.local", description="the page and the owner's interfaces")
    for folder in ("--config-dir", "--state-dir", "--runtime-dir"):
        parser.add_argument(folder, type=Path, required=True)
    parser.add_argument("--mock", action="store_true")
    given = parser.parse_args()
    return main(given.config_dir, given.state_dir, given.runtime_dir, mock=given.mock)


if __name__ == "__main__":
    sys.exit(_run())
