"""`python -I -m hal.safety`: from the command line to the running loop."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from gpiozero import GPIOZeroError

from hal import settings
from hal.config_file import ConfigError
from hal.core.evse import Evse
from hal.notify import Notify
from hal.safety import pwm, real_time
from hal.safety.box import box_of, notes_of, rules_of
from hal.safety.journal import Journal
from hal.safety.lines import Lines, PinFactory, Wiring
from hal.safety.loop import Loop, Voice
from hal.safety.pwm import PERIOD_NS, PwmError
from hal.safety.safe_outputs import Claims, write_claims
from hal.safety.server import Server, SocketTakenError
from hal.safety.status import Identity

_CANNOT_START = 2


class NoHardwareError(Exception):
    """This machine has no such lines; the text says what to do."""


def main(arguments: list[str]) -> int:
    """0 after an orderly stop, 1 after a failure of the loop, 2 when it cannot start; reasons on stderr."""
    asked = _parse(arguments)
    with ExitStack() as ending:
        try:
            box = settings.load(asked.config_dir / settings.FILE_NAME, mock=asked.mock)
            loop = _start(box, asked.runtime_dir, ending, mock=asked.mock)
        except (ConfigError, SocketTakenError, NoHardwareError, PwmError, GPIOZeroError, OSError) as error:
            print(f"hal.safety: {error}", file=sys.stderr)
            return _CANNOT_START
        return loop.run()


def _start(box: settings.Wallbox, runtime_dir: Path, ending: ExitStack, *, mock: bool) -> Loop:
    """Everything that may block or fail, before the first tick; `ending` undoes it, last to first."""
    journal, notify = Journal(), Notify(os.environ)
    server = Server(runtime_dir, box_of(box, mock=mock), journal)  # first: only one may touch the lines
    ending.callback(server.close)
    lines = _claim_lines(box, runtime_dir, mock=mock)
    ending.callback(lines.close)
    granted = real_time.claim()
    rules = rules_of(box, mock=mock, fifo=not granted.fifo_refused)
    identity = Identity(secrets.token_hex(4), mock, granted.text, notes_of(box, rules))
    evse = Evse(rules, time.monotonic())
    loop = Loop(evse, lines, server, Voice(journal, notify, rules.late_limit_s), identity)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: loop.ask_to_stop())
    journal.say(f"hal.safety started{' with a MOCK box' if mock else ''}: {granted.text}")
    notify.send("READY=1")
    return loop


def _claim_lines(box: settings.Wallbox, runtime_dir: Path, *, mock: bool) -> Lines:
    """Says in the runtime folder what it is about to claim, then claims it, safe."""
    wiring = _mock_wiring(runtime_dir) if mock else _real_wiring(box)
    motor = [box.lock.forward_pin, box.lock.backward_pin] if box.lock else []
    folder = pwm.channel_folder(wiring.pwm_chip, box.pilot.pwm_channel)
    claims = Claims(
        line_map=str(_line_map(runtime_dir)) if mock else None,
        gpio_chip=None if mock else wiring.factory.chip,
        low_lines=[box.contactor.pin, *motor],
        duty_file=str(folder / "duty_cycle"),
        duty_ns=PERIOD_NS,
    )
    write_claims(runtime_dir, claims)
    return Lines(box, wiring)


def _line_map(runtime_dir: Path) -> Path:
    from hal.mock.line_map import FILE_NAME  # never loaded for a real box

    return runtime_dir / FILE_NAME


def _mock_wiring(runtime_dir: Path) -> Wiring:
    from hal.mock.board import BoardFactory  # never loaded for a real box
    from hal.mock.line_map import LineMapError

    try:
        factory: PinFactory = BoardFactory(_line_map(runtime_dir))
    except LineMapError as error:
        raise NoHardwareError(str(error)) from None
    return Wiring(factory, runtime_dir / "pwm" / "pwmchip0")


def _real_wiring(box: settings.Wallbox) -> Wiring:
    """Real lines or none: nothing stands in for them."""
    try:
        import lgpio  # only the extra `pi` brings it
        from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError:
        raise NoHardwareError(
            "lgpio is not installed: on a Raspberry Pi install the extra `pi` (lgpio >= 0.2.2), "
            "elsewhere start with --mock"
        ) from None
    try:
        factory = LGPIOFactory()
    except lgpio.error as error:
        raise NoHardwareError(f"no GPIO: {error}; see the permissions of /dev/gpiochip*") from None
    return Wiring(factory, pwm.find_chip(pwm.SYSFS, box.pilot.pwm_device))


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hal.safety", description="pilot, contactor and cable lock")
    parser.add_argument("--config-dir", type=Path, required=True, help="folder of wallbox.toml")
    parser.add_argument("--state-dir", type=Path, required=True, help="folder of what lasts")
    parser.add_argument("--runtime-dir", type=Path, required=True, help="folder of sockets")
    parser.add_argument("--mock", action="store_true", help="the lines of the mock wallbox")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
