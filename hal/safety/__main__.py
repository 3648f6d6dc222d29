"""`python -I -m hal.safety`: from the command line to the running loop."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from gpiozero import GPIOZeroError, GPIOZeroWarning

from hal import durable
from hal.configuration import wallbox_file
from hal.configuration.file import ConfigError
from hal.configuration.sections import Wallbox
from hal.contract import BOOT_ID_FILE, KERNEL_BOOT_ID_FILE, STATE_FILE, WALLBOX_FILE
from hal.core.evse import Evse
from hal.core.rules import BoxRules
from hal.notify import Notify
from hal.safety import real_time
from hal.safety.bolt import Claim
from hal.safety.configured import box_of, notes_of, rules_of
from hal.safety.journal import Journal
from hal.safety.lines import hardware, pwm
from hal.safety.lines.gpio import PinFactory
from hal.safety.lines.hardware import NoHardwareError
from hal.safety.lines.lines import Lines, Wiring, low_lines
from hal.safety.lines.pwm import PERIOD_NS, PwmError
from hal.safety.loop import Loop, Parts, Voice
from hal.safety.real_time import RealTime
from hal.safety.requests import Requests
from hal.safety.safe_outputs import Claims, write_claims
from hal.safety.server.owners import UnknownUserError, role_owners
from hal.safety.server.server import Server, SocketTakenError
from hal.safety.state.file import StateFile, clocks, read
from hal.safety.status import Identity

_CANNOT_START = 2
_REFUSALS = (
    ConfigError, SocketTakenError, NoHardwareError, PwmError, UnknownUserError, GPIOZeroError,
    GPIOZeroWarning, OSError,
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Returns 0 after an orderly stop, 1 when the loop failed, 2 when it cannot start; reasons on stderr."""
    asked = _parse(arguments)
    with ExitStack() as ending:
        try:
            box = wallbox_file.load(asked.config_dir / WALLBOX_FILE, mock=asked.mock)
            loop = _start(box, asked, ending)
        except _REFUSALS as error:
            print(f"hal.safety: {error}", file=sys.stderr)
            return _CANNOT_START
        return loop.run()


def _start(box: Wallbox, asked: argparse.Namespace, ending: ExitStack) -> Loop:
    """Does all that may block or fail, before the first tick; `ending` undoes it, last to first."""
    journal, notify = Journal(), Notify(os.environ)
    facts = () if asked.mock else _machine_facts(box, asked)
    owners = role_owners(os.environ)
    server = Server(asked.runtime_dir, box_of(box, mock=asked.mock), journal, owners)
    ending.callback(server.close)  # before the lines: only one may touch them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no small process beside this one stays as a zombie
    boot_id_file = _boot_id_file(asked)
    state_path = asked.state_dir / STATE_FILE
    state_file = StateFile(state_path, asked.runtime_dir, boot_id_file)
    ending.callback(state_file.close)
    wiring = _mock_wiring(box, asked.runtime_dir) if asked.mock else hardware.wiring(box, asked.runtime_dir)
    lines = _claim_lines(box, asked.runtime_dir, wiring, mock=asked.mock)
    ending.callback(lines.close)
    all_stored = state_file.ready()
    granted = real_time.claim()
    rules = _rules(box, granted, mock=asked.mock)
    notes = (*notes_of(box, rules), *facts, *(hardware.REMEDIES[name] for name in rules.lacks))
    identity = Identity(secrets.token_hex(4), asked.mock, granted.text, notes)
    now = clocks(boot_id_file)
    stored = read(state_path, now)
    evse = Evse(rules, now.now_s, stored if all_stored else replace(stored, lost=True))
    voice = Voice(journal, notify, rules.late_limit_s)
    loop = Loop(Parts(evse, lines, server, state_file, Requests(evse, rules, now.now_s)), voice, identity)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: loop.ask_to_stop())
    journal.say(f"hal.safety started{' with a MOCK box' if asked.mock else ''}: {granted.text}")
    if stored.lost:
        kept_as = state_path.with_suffix(durable.UNREADABLE).name
        journal.say(f"{state_path} cannot be read, and is kept as {kept_as}: see fault lost_state")
    for name in rules.lacks:
        journal.say(hardware.REMEDIES[name])
    ending.callback(notify.send, "STOPPING=1")  # no more ticks, no more food for a watchdog
    notify.send("READY=1")
    return loop


def _boot_id_file(asked: argparse.Namespace) -> Path:
    """Names the file of the boot id: a mock box that `evse-bridge run` booted has a boot of its own."""
    simulated: Path = asked.runtime_dir / BOOT_ID_FILE
    return simulated if asked.mock and simulated.exists() else Path(KERNEL_BOOT_ID_FILE)


def _rules(box: Wallbox, granted: RealTime, *, mock: bool) -> BoxRules:
    """Returns the rules; a mock box closes without what keeps a real one safe."""
    rules = rules_of(box, mock=mock, fifo=not granted.fifo_refused)
    if mock:
        return rules
    return replace(rules, lacks=hardware.lacks(hardware.Machine(), box, real_time=granted.granted))


def _machine_facts(box: Wallbox, asked: argparse.Namespace) -> tuple[str, ...]:
    machine = hardware.Machine()
    hardware.check(machine, box)
    return hardware.death_facts(machine, box, safe_outputs_after=asked.safe_outputs_after)


def _claim_lines(box: Wallbox, runtime_dir: Path, wiring: Wiring, *, mock: bool) -> Lines:
    """Says in the runtime folder what it is about to claim, then claims it, safe."""
    claims = Claims(
        line_map=str(_line_map(runtime_dir)) if mock else None,
        gpio_chip=None if mock else wiring.factory.chip,
        low_lines=low_lines(box),
        duty_file=str(wiring.pwm_folder / "duty_cycle"),
        duty_ns=PERIOD_NS,
    )
    write_claims(runtime_dir, claims)
    return Lines(box, replace(wiring, solenoid=_solenoid(box, runtime_dir, claims)))


def _solenoid(box: Wallbox, runtime_dir: Path, claims: Claims) -> Claim | None:
    if box.lock is None or box.lock.solenoid_pin is None:
        return None
    return Claim(
        runtime_dir=str(runtime_dir),
        line_map=claims["line_map"],
        gpio_chip=claims["gpio_chip"],
        line=box.lock.solenoid_pin,
    )


def _line_map(runtime_dir: Path) -> Path:
    from hal.mock.pi.line_map import FILE_NAME  # never loaded for a real box

    return runtime_dir / FILE_NAME


def _mock_wiring(box: Wallbox, runtime_dir: Path) -> Wiring:
    from hal.mock.pi.board import BoardFactory  # never loaded for a real box
    from hal.mock.pi.line_map import LineMapError

    try:
        factory: PinFactory = BoardFactory(_line_map(runtime_dir))
    except LineMapError as error:
        raise NoHardwareError(str(error)) from None
    folder = pwm.find_channel(runtime_dir / "pwm", box.pilot.pwm_device, box.pilot.pin)
    return Wiring(factory, folder, (OSError, GPIOZeroError))


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hal.safety", description="pilot, contactor and cable lock")
    parser.add_argument("--config-dir", type=Path, required=True, help="folder of wallbox.toml")
    parser.add_argument("--state-dir", type=Path, required=True, help="folder of the state")
    parser.add_argument("--runtime-dir", type=Path, required=True, help="folder of sockets")
    parser.add_argument("--mock", action="store_true", help="the lines of the mock wallbox")
    parser.add_argument(
        "--safe-outputs-after",
        action="store_true",
        help="a promise: the program that starts this one runs safe_outputs after its end",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
