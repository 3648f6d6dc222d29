"""Makes the lines safe after every end of `hal.safety`: relay first, then lock, then x1.

`python -I -m hal.safety.safe_outputs --runtime-dir R`, as ExecStopPost of the unit. A Pi's kernel keeps
outputs at their last level and its PWM running when their process dies. Reads only R/safe-outputs.json, which
`hal.safety` writes before it claims a line: no configuration, no gpiozero. May run any number of times.
"""

import errno
import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

from hal import lgpio_module
from hal.lgpio_module import NoLgpioError

FILE_NAME = "safe-outputs.json"  # in the runtime folder


class Claims(TypedDict):
    """What `hal.safety` drives. `line_map` is the mock's file; without it `gpio_chip` is the real chip."""

    line_map: str | None
    gpio_chip: int | None
    low_lines: list[int]  # the contactor first
    duty_file: str
    duty_ns: int  # the whole period: steady +12 V


def write_claims(runtime_dir: Path, claims: Claims) -> None:
    """Leaves either the old file or the whole new one, whenever the process is killed."""
    unfinished = runtime_dir / (FILE_NAME + ".new")
    unfinished.write_text(json.dumps(claims), encoding="utf-8")
    unfinished.replace(runtime_dir / FILE_NAME)


class NotSafeError(Exception):
    """A line could not be made safe; the text says which, why, and which were."""


def make_safe(runtime_dir: Path) -> str:
    """Says what was done. Tries everything whatever became of the rest. Raises NotSafeError."""
    try:
        claims: Claims = json.loads((runtime_dir / FILE_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "hal.safety has claimed no lines"
    done, failed = [], []
    try:
        _lower_all(claims, runtime_dir)
        done.append(f"lines {claims['low_lines']} low")
    except (OSError, NoLgpioError) as error:
        failed.append(f"lines {claims['low_lines']} may be HIGH: {error}")
    try:
        _steady_pilot(claims)
        done.append("pilot x1")
    except OSError as error:
        failed.append(f"the pilot may still OFFER: {error}")
    if failed:
        raise NotSafeError("; ".join(failed + done))
    return ", ".join(done)


def _lower_all(claims: Claims, runtime_dir: Path) -> None:
    """Lowers each line, whatever became of the others. Raises what failed last."""
    lower = _lowering(claims, runtime_dir)
    with ExitStack() as last_to_first:
        for line in reversed(claims["low_lines"]):
            last_to_first.callback(lower, line)


def _lowering(claims: Claims, runtime_dir: Path) -> Callable[[int], object]:
    """Raises OSError, NoLgpioError; so does what it returns."""
    if claims["line_map"] is None:
        lgpio = lgpio_module.loaded(runtime_dir, *lgpio_module.ANYWHERE)
        return partial(_lower, lgpio, _opened(lgpio, claims["gpio_chip"]))
    from hal.mock.pi.line_map import LineMap, LineMapError  # in mock mode only

    try:
        line_map = LineMap.open(Path(claims["line_map"]))
    except LineMapError as error:
        raise OSError(str(error)) from None

    def lower(line: int) -> None:
        line_map.claim(line, os.getpid())
        line_map.make_output(line, high=False)

    return lower


def _opened(lgpio: Any, chip: int | None) -> int:
    try:
        return int(lgpio.gpiochip_open(chip))
    except lgpio.error as error:
        raise OSError(f"gpiochip{chip}: {error}") from None


def _lower(lgpio: Any, opened: int, line: int) -> None:
    try:
        lgpio.gpio_claim_output(opened, line, 0)
    except lgpio.error as error:
        raise OSError(f"GPIO {line}: {error}") from None


def _steady_pilot(claims: Claims) -> None:
    try:
        descriptor = os.open(claims["duty_file"], os.O_WRONLY)
    except FileNotFoundError:  # it died before the channel was exported
        return
    try:
        os.pwrite(descriptor, b"%d\n" % claims["duty_ns"], 0)
    except OSError as error:
        if error.errno != errno.EINVAL:  # above the period: it died before it had given the wave one
            raise
    finally:
        os.close(descriptor)


def main(arguments: list[str]) -> int:
    """Returns 0, also when nothing was to do; 1 when something may not be safe; 2 for a wrong use."""
    if len(arguments) != 2 or arguments[0] != "--runtime-dir":
        print("safe_outputs: give --runtime-dir and the folder of hal.safety's files", file=sys.stderr)
        return 2
    try:
        print(f"safe_outputs: {make_safe(Path(arguments[1]))}", file=sys.stderr)
    except NotSafeError as error:
        print(f"safe_outputs: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
