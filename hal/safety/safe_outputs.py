"""The lines made safe after `hal.safety` has gone, whatever it died of: relay first, then lock, then x1.

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
from pathlib import Path
from typing import TypedDict

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


def make_safe(runtime_dir: Path) -> str:
    """What was done, in words. Tries every line whatever became of the others; raises what failed last."""
    try:
        claims: Claims = json.loads((runtime_dir / FILE_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "hal.safety has claimed no lines"
    with ExitStack() as last_to_first:
        last_to_first.callback(_steady_pilot, claims)
        lower = _lowering(claims)
        for line in reversed(claims["low_lines"]):
            last_to_first.callback(lower, line)
    return f"lines {claims['low_lines']} low, pilot x1"


def _lowering(claims: Claims) -> Callable[[int], object]:
    if claims["line_map"] is None:
        import lgpio  # not on other machines than a Pi

        opened = lgpio.gpiochip_open(claims["gpio_chip"])
        return lambda line: lgpio.gpio_claim_output(opened, line, 0)
    from hal.mock.line_map import LineMap  # in mock mode only

    line_map = LineMap.open(Path(claims["line_map"]))

    def lower(line: int) -> None:
        line_map.claim(line, os.getpid())
        line_map.make_output(line, high=False)

    return lower


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
    """Exit code 0 also when there was nothing to do."""
    if len(arguments) != 2 or arguments[0] != "--runtime-dir":
        print("safe_outputs: give --runtime-dir and the folder of hal.safety's files", file=sys.stderr)
        return 2
    print(f"safe_outputs: {make_safe(Path(arguments[1]))}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
