"""Life stories of a box whose contactor welds, as real processes: every end, each lock, both kernels."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from hal.configuration import wallbox_file
from hal.contract import STATE_FILE, FaultRef
from hal.mock.pi.kernel import Policy
from tests.hal.safety.process import SafetyProcess, module

LOCKS = {
    "motor": "forward_pin = 23\nbackward_pin = 24",
    "phase_enable": 'kind = "phase_enable"\nphase_pin = 23\nenable_pin = 24',
    "solenoid": 'kind = "solenoid"\nsolenoid_pin = 23',
}
SOLENOID = 23
OURS = ("hal.safety", "hal.safety.state.writer", "hal.safety.bolt")


def box_with(lock: str) -> str:
    """wallbox.toml. No test of a residual current monitor: it would take 3 s of each start."""
    text = wallbox_file.new_file(mock=True).replace("test_pin", "#test_pin")
    text = re.sub(r"^(forward|backward)_pin = .*\n", "", text, flags=re.M)
    return text.replace("[lock]\n", f"[lock]\n{LOCKS[lock]}\n")


@contextlib.contextmanager
def life(folder: Path, lock: str, kernel: Policy) -> Iterator[SafetyProcess]:
    """At each step: no plug that is live is ever let go."""
    safety = SafetyProcess(folder, box_with(lock))
    safety.box.kernel.policy = kernel
    plant = safety.box.plant

    def live_plug_is_held() -> None:
        live = plant.plugged and plant.contacts_closed
        assert not live or plant.bolt >= 1.0, f"{safety.box.line_map.owned()}"

    safety.each_step = live_plug_is_held
    try:
        yield safety
    finally:
        safety.close()


def faults(safety: SafetyProcess) -> set[str]:
    return {fault.id for fault in safety.seen[-1].faults}


def signal_all(safety: SafetyProcess, number: signal.Signals) -> None:
    for pid in safety.pids(*OURS):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def dead(safety: SafetyProcess) -> bool:
    """And the kernel has had its part."""
    return safety.child.poll() is not None and safety.box.line_map.owner(SOLENOID) != safety.child.pid


def safe_outputs(safety: SafetyProcess) -> None:
    """ExecStopPost, while the box lives on."""
    after = subprocess.Popen(
        module("hal.safety.safe_outputs", "--runtime-dir", str(safety.folder)), stderr=safety.log
    )
    safety.until(lambda: after.poll() is not None)
    assert after.returncode == 0


def restart(safety: SafetyProcess) -> None:
    """A second later, as systemd does."""
    again_s = time.monotonic() + 1.0
    safety.until(lambda: time.monotonic() >= again_s)
    safety.forget_bridge()
    safety.start()


def ends_well(safety: SafetyProcess) -> None:
    """Nothing closes until a person has cleared the weld; then the cable is given back."""
    plant = safety.box.plant
    safety.until(lambda: "welded" in faults(safety))
    safety.box.clear("weld")
    safety.until(lambda: not plant.contacts_closed)
    plant.ready()
    quiet_s = time.monotonic() + 2.0
    while time.monotonic() < quiet_s:
        safety.live()
        assert not safety.relay_high()
    safety.limit_a = 0.0
    safety.clear_faults = tuple(FaultRef(fault.id, fault.occurrence) for fault in safety.seen[-1].faults)
    safety.wish_now()
    safety.until(lambda: "welded" not in faults(safety))
    safety.cable = "release"
    safety.wish_now()
    safety.until(lambda: plant.plug_out() is None)


def weld(safety: SafetyProcess) -> None:
    """In mid-charge, and noticed: the car wants no more."""
    safety.box.fault("weld")
    safety.box.plant.pause()
    safety.until(lambda: "welded" in faults(safety))


each_lock = pytest.mark.parametrize("lock", LOCKS)
each_kernel = pytest.mark.parametrize("kernel", get_args(Policy))


@pytest.mark.real
@each_lock
@each_kernel
def test_weld_and_upgrade(runtime_dir: Path, lock: str, kernel: Policy) -> None:
    """SIGTERM of all, as a package's upgrade or the shutdown of the machine sends it."""
    with life(runtime_dir, lock, kernel) as safety:
        safety.charge()
        safety.box.fault("weld")
        signal_all(safety, signal.SIGTERM)
        safety.until(lambda: dead(safety))  # how soon: test_loop, in simulated time
        assert safety.child.returncode == 0
        assert "THE PLUG MAY BE LIVE" in (runtime_dir / "log").read_text()
        assert "tripped" in safety.box.plant.faults  # trip first
        safe_outputs(safety)
        restart(safety)
        ends_well(safety)
        assert safety.end() == 0
        safety.until(lambda: safety.pids(*OURS) == [])


@pytest.mark.real
@each_lock
@each_kernel
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_weld_and_death(runtime_dir: Path, lock: str, kernel: Policy, number: signal.Signals) -> None:
    """Before anybody has noticed the weld."""
    with life(runtime_dir, lock, kernel) as safety:
        safety.charge()
        safety.box.fault("weld")
        safety.child.send_signal(number)
        safety.until(lambda: dead(safety))
        safe_outputs(safety)
        restart(safety)
        ends_well(safety)


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_writer_gone_and_weld_and_power_cut(runtime_dir: Path, number: signal.Signals) -> None:
    with life(runtime_dir, "motor", "releases") as safety:
        safety.charge()
        (writer,) = safety.pids("hal.safety.state.writer")
        os.kill(writer, number)
        weld(safety)
        if number == signal.SIGKILL:
            safety.until(lambda: b'"welded"' in (runtime_dir / STATE_FILE).read_bytes())
        cut_power(safety)
        safety.box.clear("weld")
        safety.until(lambda: not safety.box.plant.contacts_closed)
        safety.start()
        assert faults(safety) & {"welded", "lost_state"}
        for _ in range(1000):
            safety.live()
            assert not safety.relay_high()


def cut_power(safety: SafetyProcess) -> None:
    """Every line falls, every process is gone."""
    safety.box.cut_power()
    signal_all(safety, signal.SIGKILL)
    safety.until(lambda: safety.pids(*OURS) == [] and safety.child.poll() is not None)
    safety.box.restore_power()
    safety.forget_bridge()


@pytest.mark.real
@each_kernel
def test_a_solenoid_whose_holder_dies_opens(runtime_dir: Path, kernel: Policy) -> None:
    """Watched: its death is a fault that opens, and it is started again and holds as before."""
    with life(runtime_dir, "solenoid", kernel) as safety:
        safety.each_step = lambda: None  # with a kernel that releases, the bolt does fall
        safety.charge()
        (holder,) = safety.pids("hal.safety.bolt")
        os.kill(holder, signal.SIGKILL)
        safety.until(lambda: not safety.relay_high())
        safety.until(lambda: "lock_opened" in faults(safety))
        safety.until(lambda: safety.pids("hal.safety.bolt") not in ([], [holder]))
        safety.until(lambda: safety.box.plant.lock_closed)


@pytest.mark.real
def test_a_solenoid_whose_holder_stops_opens(runtime_dir: Path) -> None:
    with life(runtime_dir, "solenoid", "keeps") as safety:
        safety.charge()
        (holder,) = safety.pids("hal.safety.bolt")
        os.kill(holder, signal.SIGSTOP)
        safety.until(lambda: not safety.relay_high())
        os.kill(holder, signal.SIGCONT)
        safety.until(lambda: "lock_opened" in faults(safety))
        assert safety.pids("hal.safety.bolt") == [holder]


@pytest.mark.real
@each_kernel
def test_a_solenoid_is_let_go_by_an_end_with_an_open_contactor(runtime_dir: Path, kernel: Policy) -> None:
    """Nobody would be there to let the cable go."""
    with life(runtime_dir, "solenoid", kernel) as safety:
        safety.charge()
        assert safety.end() == 0
        safety.until(lambda: safety.box.plant.bolt == 0.0)
        safety.until(lambda: safety.pids("hal.safety.bolt") == [])


@pytest.mark.real
@each_kernel
def test_a_start_takes_a_held_bolt_over_without_a_pulse(runtime_dir: Path, kernel: Policy) -> None:
    with life(runtime_dir, "solenoid", kernel) as safety:
        safety.charge()
        plant, (holder,) = safety.box.plant, safety.pids("hal.safety.bolt")
        safety.kill()
        safe_outputs(safety)
        bolts: list[float] = []
        safety.each_step = lambda: bolts.append(plant.bolt)
        restart(safety)
        safety.until(safety.relay_high)
        assert set(bolts) == {1.0}
        assert safety.pids("hal.safety.bolt") == [holder]
