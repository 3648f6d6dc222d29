"""The deaths, the boxes they happen to, and what must have happened by when."""

from __future__ import annotations

import re
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hal.configuration import wallbox_file
from tests.hal.safety.process import SafetyProcess

Kernel = Literal["keeps", "releases"]
Outcome = Literal["line", "contacts", "pilot"]

LIMIT_S = 3.0  # IEC 61851-1 Table A.6 sequence 12: a fault of the pilot or of its source


def _signal(number: signal.Signals) -> Callable[[SafetyProcess], None]:
    return lambda safety: safety.child.send_signal(number)


def _pwm_refuses(safety: SafetyProcess) -> None:
    """Every write to a file ends in EFBIG from now on; a wish for nothing makes it write."""
    resource.prlimit(safety.child.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    safety.limit_a = 0.0
    safety.wish_now()


def _board_fails(name: str) -> Callable[[SafetyProcess], None]:
    return lambda safety: safety.box.fault(name)


def _single_transfer_fails(safety: SafetyProcess) -> None:
    safety.box.fault("spi_failed")
    safety.live()
    safety.box.clear("spi_failed")


@dataclass(frozen=True)
class Death:
    """One way to go. `drops` says in words what takes the outputs back."""

    name: str
    happens: Callable[[SafetyProcess], None]
    drops: str


DEATHS = (
    Death("SIGKILL", _signal(signal.SIGKILL), "the kernel, or safe_outputs"),
    Death("SIGSEGV", _signal(signal.SIGSEGV), "the kernel, or safe_outputs"),
    Death("SIGSTOP", _signal(signal.SIGSTOP), "the watchdog of systemd, then the kernel, or safe_outputs"),
    Death("PWM refuses a write", _pwm_refuses, "the last resort of the loop; the pilot: safe_outputs"),
    Death("GPIO refuses a write", _board_fails("gpio_failed"), "the kernel, or safe_outputs"),
    Death("SPI fails for good", _board_fails("spi_failed"), "the core (pilot_circuit); it lives on"),
)
_OF_NAME = {death.name: death for death in DEATHS}


@dataclass(frozen=True)
class Case:
    """A death under one kernel, on one box, with or without what systemd does."""

    death: Death
    kernel: Kernel
    lines: bool  # the box has watchdog line and pilot relay
    systemd: bool = True
    stays: Outcome | None = None  # a negative control: this must *not* come back to safe

    @property
    def name(self) -> str:
        extra = "watchdog line and pilot relay" if self.lines else "plain box"
        without = "" if self.systemd else ", without watchdog and safe_outputs"
        return f"{self.death.name}, kernel {self.kernel}, {extra}{without}"

    @property
    def text(self) -> str:
        """wallbox.toml. No test of a residual current monitor: it would take 3 s of each start."""
        text = wallbox_file.new_file(mock=True).replace("test_pin", "#test_pin")
        text = re.sub(r"^(min_off_s|after_fault_s) = .*$", r"\1 = 0.1", text, flags=re.M)
        if self.lines:
            return text.replace("#watchdog_pin", "watchdog_pin")
        return text.replace("connect_pin", "#connect_pin")


CASES = tuple(
    Case(death, kernel, lines)
    for death in DEATHS
    for kernel in ("keeps", "releases")
    for lines in (False, True)
)


def _control(name: str, kernel: Kernel, stays: Outcome, *, lines: bool = False) -> Case:
    return Case(_OF_NAME[name], kernel, lines, systemd=False, stays=stays)


CONTROLS = (
    _control("SIGKILL", "keeps", "line"),
    _control("SIGKILL", "releases", "pilot"),
    _control("SIGSEGV", "keeps", "line"),
    _control("SIGSEGV", "releases", "pilot"),
    _control("SIGSTOP", "keeps", "line"),
    _control("SIGSTOP", "releases", "line"),
    _control("SIGSTOP", "keeps", "pilot", lines=True),
    _control("PWM refuses a write", "keeps", "pilot"),
    _control("GPIO refuses a write", "keeps", "line"),
    Case(
        Death("SPI fails once", _single_transfer_fails, "nothing: a charge goes on"),
        "keeps",
        lines=False,
        stays="line",
    ),
)
