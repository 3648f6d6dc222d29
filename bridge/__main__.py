"""The charge point as a process: `python -I -m bridge`, with the three folders and perhaps `--mock`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bridge.app import main


def _run() -> int:
    parser = argparse.ArgumentParser(prog="bridge", description="the charge point")
    for folder in ("--config-dir", "--state-dir", "--runtime-dir"):
        parser.add_argument(folder, type=Path, required=True)
    parser.add_argument("--mock", action="store_true")
    given = parser.parse_args()
    return main(given.config_dir, given.state_dir, given.runtime_dir, given.mock)


if __name__ == "__main__":
    sys.exit(_run())
