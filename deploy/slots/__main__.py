"""`python -I -m deploy.slots adopt | boot`: root's program for updates.

adopt [--allow-older]: postinst of the package. boot: evse-update-boot.service, before any program of ours.
Exit codes: 0; 1 it failed, in one line; 2 a wrong use.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import logging
import sys

from bridge.core.zaptec import four_numbers
from deploy.slots import adopting, systemd
from deploy.slots.boot import settle
from deploy.slots.carrying_out import Carrier
from deploy.slots.disk import Disk
from deploy.slots.places import Places
from deploy.slots.trees import TreeError
from hal import logs


def main(arguments: list[str]) -> int:
    """Runs one command, and returns its exit code."""
    logs.begin("evse-update", "%(message)s")
    options = _parsed(arguments)
    carrier = Carrier(Places(), package_version(), Disk())
    try:
        match options.command:
            case "adopt":
                print(adopting.adopt(carrier, enabled=systemd.is_enabled(), allow_older=options.allow_older))
            case "boot":
                settle(carrier)
    except (OSError, TreeError) as error:
        logging.getLogger(__name__).error("deploy.slots %s: %s", options.command, error)
        return 1
    return 0


def package_version() -> str:
    """Returns the four numbers of what the package brought: this program is a part of it."""
    return four_numbers(importlib.metadata.version("evse-bridge").partition("+")[0])


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.slots", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    adopt = commands.add_parser("adopt")
    adopt.add_argument("--allow-older", action="store_true")
    commands.add_parser("boot")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
