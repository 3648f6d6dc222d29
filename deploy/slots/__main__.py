"""`python -I -m deploy.slots COMMAND`: root's program for updates; `updater` chooses whose.

adopt [--allow-older]: postinst of the package, by the package's own. boot: evse-update-boot.service, before
any program of ours.
serve, pick-up: evse-update.service, and after its end. install ARCHIVE [--allow-older]: `evse-bridge update`.
Exit codes: 0; 1 it failed, in one line; 2 a wrong use.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.slots import adopting, runtime, systemd, update
from deploy.slots.boot import settle
from deploy.slots.carrying_out import Carrier
from deploy.slots.disk import Disk
from deploy.slots.looking import look, packaged
from deploy.slots.machine import RealMachine
from deploy.slots.owner import this_machine, will
from deploy.slots.places import Places
from deploy.slots.proof import Patience
from deploy.slots.refusal import RefusedError
from deploy.slots.systemd import SystemdError
from deploy.slots.trees import TreeError
from hal import logs

# Only a box whose `hal.safety` says that it is a mock obeys them.
STEADY_VARIABLE, WITHIN_VARIABLE = "EVSE_TRIAL_STEADY_S", "EVSE_TRIAL_WITHIN_S"

log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Runs one command, and returns its exit code."""
    options = _parsed(arguments)
    logs.begin("evse-update", "%(message)s")
    places = Places()
    carrier = Carrier(places, packaged(places.application), Disk())
    try:
        return _run(options, carrier)
    except (OSError, TreeError, SystemdError, RefusedError) as error:
        log.error("%s: %s", options.command, error)
        return 1


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="deploy.slots", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("adopt", "boot", "serve", "pick-up", "install"):
        command = commands.add_parser(name)
        if name == "install":
            command.add_argument("archive", type=Path)
        if name in ("adopt", "install"):
            command.add_argument("--allow-older", action="store_true")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace, carrier: Carrier) -> int:
    """Runs what was parsed. Raises OSError, TreeError, SystemdError, RefusedError."""
    match options.command:
        case "adopt":
            needs_trial = systemd.is_enabled() or systemd.is_active()
            print(adopting.adopt(carrier, needs_trial=needs_trial, allow_older=options.allow_older))
        case "boot":
            settle(carrier)
            if look(carrier.places).wanted is not None:
                systemd.begin(systemd.UPDATE)
        case "serve":
            update.serve(_box(carrier))
        case "pick-up":
            if not systemd.is_stopping():  # else it is for the next boot
                update.pick_up(_box(carrier), ended_well=os.environ.get("SERVICE_RESULT") == "success")
        case "install":
            return _install(_box(carrier), options.archive.absolute(), allow_older=options.allow_older)
    return 0


def _install(box: update.Box, archive: Path, *, allow_older: bool) -> int:
    offered = update.offer(box, archive, allow_older=allow_older)
    print(f"{offered} is verified and unpacked; it is tried as soon as no car charges", flush=True)
    systemd.carry_out(systemd.UPDATE)
    answer = runtime.last_answer(box.carrier.places)
    print(answer)
    return 0 if answer == f"installed {offered}" else 1


def _box(carrier: Carrier) -> update.Box:
    machine = RealMachine(carrier.places.runtime, carrier.places.config)
    return update.Box(carrier, machine, will(carrier.places.config), this_machine(), _patience(machine))


def _patience(machine: RealMachine) -> Patience:
    asked = [name for name in (STEADY_VARIABLE, WITHIN_VARIABLE) if os.environ.get(name)]
    if not asked:
        return Patience()
    safety = machine.see().safety
    if safety is None or not safety.mock:
        log.warning("%s count on a mock box alone", " and ".join(asked))
        return Patience()
    return patience(os.environ)


def patience(variables: Mapping[str, str]) -> Patience:
    """Returns what the variables of a mock box ask for; an empty one counts as none. Raises RefusedError."""
    usual = Patience()
    return Patience(
        _seconds(variables, STEADY_VARIABLE, usual.steady_s),
        _seconds(variables, WITHIN_VARIABLE, usual.within_s),
    )


def _seconds(variables: Mapping[str, str], name: str, usual_s: float) -> float:
    text = variables.get(name) or str(usual_s)
    try:
        found_s = float(text)
    except ValueError:
        found_s = math.nan
    if not 0 < found_s < math.inf:
        raise RefusedError(
            f"{name} = {text!r}: must be a number of seconds above 0, or not set ({usual_s:g})"
        )
    return found_s


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
