"""`python -m tests.chaos.controls`: a product broken on purpose, in a copy, must fail the power cuts.

Exit 0: all three were seen. 1: one was not. 2: a control does not fit the source.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIVES = ("--count", "24", "--writes", "6", "--kinds", "0", "--sessions", "24")
SEEDS = (1, 2, 3, 4)  # as many as it takes: what is broken need not matter in each life
WRONG = 1  # exit code of the lives
DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class Control:
    """Each key of `edits` stands once in `module` and becomes its value; the lives must say `seen`."""

    name: str
    module: str
    edits: dict[str, str]
    seen: str


_SEND = "        return Send(head.ref, _ACTIONS[head.ref.kind], head.frozen, again)\n"
CONTROLS = (
    Control(
        "the durable write removed",
        "bridge/store/database.py",
        {"{'NORMAL' if minor else 'FULL'}": "NORMAL"},
        "lost: ",
    ),
    Control(  # to a Central System a row is its key: a new row has a time of its own
        "a resend is a new row",
        "bridge/central_system/outbox.py",
        {
            "        self._wait: _Wait | None = None\n": "        self._wait: _Wait | None = None\n"
            "        self._ever: set[MessageRef] = set()\n",
            _SEND: "        if head.ref.kind == 'start' and head.ref in self._ever:\n"
            "            new = {**head.frozen, 'timestamp': timestamp(now.utc)}\n"
            "            return Send(head.ref, 'StartTransaction', new, again)\n"
            "        self._ever.add(head.ref)\n" + _SEND,
        },
        "duplicated: ",
    ),
    Control(
        "the rule of late answers off",
        "bridge/central_system/frames.py",
        {"        self._late[call.id] = call\n": ""},
        "repeated messages for",
    ),
)


def main() -> int:
    """Prints a line for each control."""
    unseen, sound = 0, set[int]()
    for control in CONTROLS:
        source = (ROOT / control.module).read_text()
        if unfit := [old for old in control.edits if source.count(old) != 1]:
            print(f"{control.name}: {unfit[0]!r} must stand once in {control.module}", file=sys.stderr)
            return 2
        seed = next((seed for seed in SEEDS if control.seen in (_lives(seed, control) or "")), None)
        unseen += seed is None
        print(f"{'NOT SEEN' if seed is None else 'seen    '} {control.name}", flush=True)
        sound |= {seed} if seed is not None else set()
    for seed in sorted(sound):
        if (said := _lives(seed)) is not None:
            print(f"the lives of seed {seed} are not right unbroken:\n{said[-3000:]}", file=sys.stderr)
            return 2
    return 1 if unseen else 0


def _lives(seed: int, control: Control | None = None) -> str | None:
    """What they say of a copy that is broken so; None: all is right."""
    with tempfile.TemporaryDirectory(prefix="evse-control-") as name:
        folder = Path(name)
        for package in ("bridge", "hal", "tests"):
            unwanted = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(ROOT / package, folder / package, ignore=unwanted)
        if control is not None:
            source = folder / control.module
            text = source.read_text()
            for old, new in control.edits.items():
                text = text.replace(old, new)
            source.write_text(text)
        ran = subprocess.run(
            [sys.executable, "-m", "tests.chaos.power_cuts", *LIVES, "--seed", str(seed)],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": name, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    return ran.stdout if ran.returncode == WRONG else None


if __name__ == "__main__":
    sys.exit(main())
