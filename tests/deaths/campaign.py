"""Lets `hal.safety` die at random moments in mid-charge and measures by the mock's own clock what follows."""

from __future__ import annotations

import contextlib
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.deaths.cases import CASES, CONTROLS, Case, Outcome
from tests.deaths.systemd import Systemd
from tests.hal.safety.process import CONTACTOR, SafetyProcess

_CONTROL_S = 3.0  # so long a control must stay as it is
_NEVER_S = 30.0  # a busy machine; the limits are judged afterwards
_LEAST_CHARGE_S, _MOST_CHARGE_S = 0.05, 1.0


@dataclass(frozen=True)
class Measured:
    """Seconds from the death until each outcome was safe; None: not within the time it was given."""

    case: Case
    after_s: dict[Outcome, float | None]

    @property
    def right(self) -> bool:
        """A death came back to safe whole; a control stayed as it must."""
        if self.case.stays is not None:
            return self.after_s[self.case.stays] is None
        return None not in self.after_s.values()


def cases(count: int, seed: int) -> list[Case]:
    """Each control once if there is room, then all deaths in turn, in random order."""
    chance = random.Random(seed)
    controls = list(CONTROLS)
    chance.shuffle(controls)
    chosen = controls[: max(1, min(len(controls), count // 4))]
    while len(chosen) < count:
        left = list(CASES)
        chance.shuffle(left)
        chosen += left[: count - len(chosen)]
    chance.shuffle(chosen)
    return chosen


def run(case: Case, seed: int) -> Measured:
    """One life and one death, on a box of its own."""
    with _charging(case) as safety:
        charge_s = random.Random(seed).uniform(_LEAST_CHARGE_S, _MOST_CHARGE_S)
        ends_s = time.monotonic() + charge_s
        safety.until(lambda: time.monotonic() >= ends_s)
        watch = _Watch(safety, safety.each_step)
        safety.each_step = watch.look
        case.death.happens(safety)
        give_up_s = watch.began_s + (_NEVER_S if case.stays is None else _CONTROL_S)
        while not watch.all_safe and time.monotonic() < give_up_s:
            safety.live()
        return Measured(case, watch.after_s)


class _Watch:
    """Notes when line, contacts and pilot were first seen safe, at the mock's steps of 2 ms."""

    def __init__(self, safety: SafetyProcess, before: Callable[[], object]) -> None:
        """`before` is what was done at each step until now, and goes on."""
        box = safety.box
        self._before = before
        self.began_s = time.monotonic()
        self.after_s: dict[Outcome, float | None] = {"line": None, "contacts": None, "pilot": None}
        self._safe: dict[Outcome, Callable[[], bool]] = {
            "line": lambda: not box.line_map.driven_high(CONTACTOR),
            "contacts": lambda: not box.plant.contacts_closed,
            "pilot": lambda: not box.offers_current,
        }

    @property
    def all_safe(self) -> bool:
        return None not in self.after_s.values()

    def look(self) -> None:
        self._before()
        for outcome, safe in self._safe.items():
            if self.after_s[outcome] is None and safe():
                self.after_s[outcome] = time.monotonic() - self.began_s


@contextlib.contextmanager
def _charging(case: Case) -> Iterator[SafetyProcess]:
    folder = Path(tempfile.mkdtemp(prefix="evse-"))
    with contextlib.ExitStack() as ending:
        ending.callback(shutil.rmtree, folder)
        systemd = Systemd(folder, watchdog=case.systemd, exec_stop_post=case.systemd)
        ending.callback(systemd.close)
        safety = SafetyProcess(folder, case.text, systemd.environment)
        ending.callback(safety.close)
        safety.box.kernel.policy = case.kernel
        safety.each_step = lambda: systemd.step(safety.child)
        safety.charge()
        yield safety
