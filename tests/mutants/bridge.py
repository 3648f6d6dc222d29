"""`python -m tests.mutants.bridge [WORD...] [--seed S] [--count N] [--of-rooms N] [--deep]`: mutants.

First the named ones of the shell and of the rooms (with every WORD in the name; then these alone): each must
fail its test. Then seeded ones of the bridge: each must fail a scenario, played in simulated time, likely
ones first. Exit 0: all do. 1: one survived: a test or scenario is missing. 2: one fails without any mutant.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bridge.core.configuration.keys import KEYS
from bridge.core.zaptec import BEHAVIOURS
from tests.mutants.backup import BACKUP
from tests.mutants.house import HOUSE
from tests.mutants.owners import OWNERS
from tests.mutants.packages import PACKAGES
from tests.mutants.seeds import ROOT, Seeded, draw
from tests.mutants.setups import SETUPS
from tests.mutants.shell import MUTANTS, Mutant
from tests.mutants.slots import SLOTS
from tests.mutants.trials import TRIALS
from tests.mutants.why import WHY

WORKERS = 2
TEST_FAILED = 1  # pytest's exit code
DEADLINE_S = 600.0  # of the tests that kill the named mutants, all in one run without any
COPIED = ("bridge", "hal", "deploy", "tests", "systemd")
SCENARIOS = ROOT / "tests" / "scenarios"
FIRST_VALUES = {key.name: key.first_value(BEHAVIOURS["cloud"]) for key in KEYS if key.allowed is not None}


@dataclass(frozen=True, slots=True)
class Play:
    """One scenario in one mode."""

    file: str
    mode: str
    text: str
    again: bool  # it was played in another mode before


def main(arguments: list[str]) -> int:
    """Prints a row a mutant."""
    options = argparse.ArgumentParser(prog="tests.mutants.bridge", description=__doc__)
    options.add_argument("words", nargs="*", help="of a named mutant: no others then")
    options.add_argument("--seed", default="evse")
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--of-rooms", type=int, help="so many of the rooms' named ones; usually all")
    options.add_argument("--deep", action="store_true", help="conditions, numbers and steps too")
    chosen = options.parse_args(arguments)
    rooms = (*TRIALS, *SETUPS, *SLOTS, *BACKUP, *HOUSE, *PACKAGES, *WHY, *OWNERS)
    if chosen.of_rooms is not None:
        rooms = tuple(random.Random(chosen.seed).sample(rooms, chosen.of_rooms))
    ended = of_names([one for one in (*MUTANTS, *rooms) if all(word in one.name for word in chosen.words)])
    if not chosen.words:
        ended = max(ended, drawn(draw(chosen.seed, chosen.count, FIRST_VALUES.get, deep=chosen.deep)))
    return ended


def of_names(mutants: list[Mutant]) -> int:
    """Each against its own test."""
    copied = sorted({mutant.test for mutant in mutants if not mutant.path.endswith(".py")})
    ran = tested("", "", sorted({mutant.test for mutant in mutants}), ROOT)
    if ran.returncode == 0 and copied:
        ran = in_a_copy(copied, {})
    if ran.returncode != 0:
        print(f"the named tests are not green without any mutant:\n{ran.stdout[-3000:]}", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(WORKERS) as pool:
        ended = list(pool.map(tried, mutants))
    for mutant, ran in zip(mutants, ended, strict=True):
        print(f"{'killed  ' if ran.returncode == TEST_FAILED else 'SURVIVED'}  {mutant.name}  {mutant.test}")
    survivors = sum(ran.returncode != TEST_FAILED for ran in ended)
    print(f"{len(mutants)} named mutants, {survivors} survivors", flush=True)
    return 1 if survivors else 0


def tried(mutant: Mutant) -> subprocess.CompletedProcess[str]:
    """Its test with it."""
    if mutant.path.endswith(".py"):
        return tested(mutant.module, mutant.source, [mutant.test], ROOT)
    return in_a_copy([mutant.test], {mutant.path: mutant.source})


def in_a_copy(tests: list[str], changed: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Those tests with files changed that are no modules."""
    with tempfile.TemporaryDirectory(prefix="evse-mutant-") as name:
        copy = Path(name) / "copy"
        for folder in COPIED:
            shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        for path, text in changed.items():
            (copy / path).write_text(text, encoding="utf-8")
        return tested("", "", tests, copy)


def tested(module: str, source: str, tests: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Those tests, of the sources in that folder, with that module replaced."""
    asked = json.dumps({"module": module, "source": source, "tests": tests})
    return subprocess.run(
        [sys.executable, "-m", "tests.mutants.tested"],
        cwd=folder, input=asked, capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip


def drawn(mutants: list[Seeded]) -> int:
    """Each against all scenarios."""
    began_s = time.monotonic()
    survivors = 0
    killers: set[tuple[str, str]] = set()
    with ThreadPoolExecutor(WORKERS) as pool:
        for mutant, killer in zip(mutants, pool.map(killed_by, mutants), strict=True):
            print(
                f"{'killed  ' if killer else 'SURVIVED'}  {mutant.shown}\n          {' '.join(killer or ())}",
                flush=True,
            )
            survivors += killer is None
            if killer is not None:
                killers.add((killer[0], killer[1]))
    if red := _play("", "", sorted(killers)):
        print(f"{red[0]} ({red[1]}) fails without any mutant: {red[2]}", file=sys.stderr)
        return 2
    print(f"{len(mutants)} mutants of the bridge, {survivors} survivors, {time.monotonic() - began_s:.0f} s")
    return 1 if survivors else 0


def killed_by(mutant: Seeded) -> tuple[str, str, str] | None:
    """(file, mode, why) of the scenario that failed."""
    module = mutant.path.removesuffix(".py").replace("/", ".")
    order = sorted(plays(), key=lambda play: -_likely(play, mutant))
    return _play(module, mutant.applied(), [(play.file, play.mode) for play in order])


def _play(module: str, source: str, order: list[tuple[str, str]]) -> tuple[str, str, str] | None:
    asked = json.dumps({"module": module, "source": source, "order": order})
    ran = subprocess.run(
        [sys.executable, "-m", "tests.mutants.played"],
        cwd=ROOT, input=asked, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0:
        return *order[0], f"ended with {ran.returncode}: {ran.stderr[-300:]}"
    if not ran.stdout.strip():
        return None
    file, mode, why = json.loads(ran.stdout.splitlines()[-1])
    return file, mode, why


@cache
def plays() -> list[Play]:
    """Those of the pure world."""
    return list(_plays())


def _plays() -> Iterator[Play]:
    for path in sorted(SCENARIOS.glob("*/*.scenario")):
        text = path.read_text(encoding="utf-8")
        marks = {line[2:] for line in text.splitlines() if line.startswith("# ")}
        if "real only" not in marks:
            file = path.relative_to(SCENARIOS).as_posix()
            modes = sorted(marks & set(BEHAVIOURS)) or ["cloud"]
            yield from (Play(file, mode, text, again=mode != modes[0]) for mode in modes)


def _likely(play: Play, mutant: Seeded) -> float:
    """What has the words of the changed place, or of its module, comes first; short before long."""
    words = set(re.findall(r"[A-Za-z]{4,}", mutant.old + mutant.new))
    place = set(re.findall(r"[a-z]{4,}", f"{mutant.inside} {Path(mutant.path).stem}"))
    said = sum(word in play.text for word in words)
    about = sum(word[:6] in f"{play.file} {play.text.splitlines()[0].lower()}" for word in place)
    return 3 * said + 2 * about - len(play.text) / 10_000 - 4 * play.again


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
