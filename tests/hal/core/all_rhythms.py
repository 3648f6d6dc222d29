"""`python -m tests.hal.core.all_rhythms [--one-in N] [--hours H] [--seed S]`: each input, in whole boxes.

All patterns of up to 12 samples at each phase must open a charging box in time; one bad sample in ten, for an
hour, must not; nor must 1.2 V of hum near 50 and 60 Hz on drawn copper, for an hour. Prints what it found;
exit code 1 when a box did otherwise. `--one-in N` tries every Nth pattern, drawn by seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from random import Random

from tests.hal.core.bench import TICK_S
from tests.hal.core.rhythm import INPUTS, Found, beginnings, rhythms, tried_on
from tests.hal.core.test_copper import under_hum

SAMPLES_OF_AN_HOUR = 360_000
MAINS_HZ = (50.0, 60.0)
OFF_HZ = 0.1
COPPERS = 3  # drawn for each of the mains
SELDOM = range(10, 15)  # samples from one bad one to the next


def seldom_bad(name: str, hours: float, seed: str) -> float | None:
    """One sample in ten or fewer is bad. Seconds after which that opened a charging box, or None."""
    judged, random = INPUTS[name], Random(f"{seed} {name}")
    bench, next_bad = judged.charged(), 0
    for sample in range(round(hours * SAMPLES_OF_AN_HOUR)):
        bad = sample == next_bad
        next_bad += random.choice(SELDOM) if bad else 0
        if judged.tick(bench, bad=bad):
            return sample * TICK_S
    return None


def hum_opens_after(mains_hz: float, copper: int, hours: float, seed: str) -> float | None:
    """Seconds after which 1.2 V opened a charging car, or None."""
    random = Random(f"{seed} {mains_hz} {copper}")
    hertz = random.uniform(mains_hz - OFF_HZ, mains_hz + OFF_HZ)
    world = under_hum(1.2, hertz, random.uniform(0, 360), seed=random.randrange(1 << 30))
    began_s = world.now_s
    while world.now_s - began_s < hours * 3600:
        if random.random() < 0.1:
            world.late_s = random.uniform(0.0, 0.005)
        world.tick()
        if not world.evse.view().contactor_commanded:
            return world.now_s - began_s
    return None


def main(arguments: list[str]) -> int:
    """Prints a row for each input and each hour of hum."""
    parser = argparse.ArgumentParser(prog="tests.hal.core.all_rhythms")
    parser.add_argument("--one-in", type=int, default=1)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--seed", default="rhythms")
    asked = parser.parse_args(arguments)
    began_s = time.monotonic()
    every = beginnings()
    chosen = Random(asked.seed).sample(every, len(every) // asked.one_in)
    pairs = sum(sum(rhythm) for rhythm in rhythms())
    print(
        f"{sum(1 for _ in rhythms()):,} patterns, at each of their bad samples {pairs:,} beginnings,"
        f" {len(every):,} of them different, {len(chosen):,} tried"
    )
    hours, seed = asked.hours, asked.seed
    hums = [(hertz, copper) for hertz in MAINS_HZ for copper in range(1, COPPERS + 1)]
    with ProcessPoolExecutor() as pool:
        tried = {name: pool.submit(tried_on, name, chosen) for name in INPUTS}
        seldom = {name: pool.submit(seldom_bad, name, hours, seed) for name in INPUTS}
        hum = {which: pool.submit(hum_opens_after, *which, hours, seed) for which in hums}
        wrong = sum(print_tried(name, row.result()) for name, row in tried.items())
        wrong += sum(print_seldom(name, row.result()) for name, row in seldom.items())
        wrong += sum(print_hum(which, row.result()) for which, row in hum.items())
    print(f"{wrong} wrong, {time.monotonic() - began_s:.0f} s")
    return 1 if wrong else 0


def print_tried(name: str, found: Found) -> bool:
    """A row; True: something is wrong."""
    longest = ", ".join(f"{10 * took} of {10 * limit} ms" for limit, took in sorted(found.longest.items()))
    print(
        f"{name:22} {found.tried:6,} tried, {len(found.too_late):5,} too late; longest {longest}", flush=True
    )
    for rhythm in found.too_late[:3]:
        print(f"    {''.join('01'[bad] for bad in rhythm)}")
    return bool(found.too_late)


def print_seldom(name: str, opened_s: float | None) -> bool:
    """A row; True: it opened."""
    return _print_opening(f"{name}, one bad sample in ten", opened_s)


def print_hum(which: tuple[float, int], opened_s: float | None) -> bool:
    """A row; True: it opened."""
    return _print_opening(f"1.2 V near {which[0]:g} Hz, copper {which[1]}", opened_s)


def _print_opening(what: str, opened_s: float | None) -> bool:
    print(f"{what}: " + ("stays closed" if opened_s is None else f"OPENS after {opened_s:.2f} s"), flush=True)
    return opened_s is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
