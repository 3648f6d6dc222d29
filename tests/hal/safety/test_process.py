"""`python -I -m hal.safety` and `safe_outputs` as processes: starts, ends and deaths."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.configuration import wallbox_file
from hal.contract import STATE_FILE, WALLBOX_FILE, FaultRef
from hal.mock.simulated_box import SimulatedBox
from hal.safety.lines.pwm import PERIOD_NS
from hal.safety.safe_outputs import FILE_NAME
from tests.hal.safety.process import CONTACTOR, SafetyProcess, module
from tests.system.programs import Programs


@pytest.fixture
def safety(runtime_dir: Path) -> Iterator[SafetyProcess]:
    safety = SafetyProcess(runtime_dir)
    yield safety
    safety.close()


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def safe_outputs(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(*module("hal.safety.safe_outputs", "--runtime-dir", str(folder)))


def command(folder: Path, *more: str) -> list[str]:
    return Programs.in_one(folder).program("hal.safety", *more)


def start(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run(*command(folder, *more))


def test_charges_bars_a_second_one_and_ends_in_order(safety: SafetyProcess, runtime_dir: Path) -> None:
    safety.charge()
    status = safety.seen[-1]
    assert status.mock
    assert "fifo" in status.real_time or "no real-time priority" in status.real_time
    assert "mock box: after_fault_s = 1, not 30" in status.notes
    assert len(list(Path(f"/proc/{safety.child.pid}/task").iterdir())) == 1  # no thread of ours

    second = subprocess.Popen(command(runtime_dir, "--mock"), stderr=subprocess.PIPE, text=True)
    safety.until(lambda: second.poll() is not None)  # the box lives on meanwhile
    _, said = second.communicate()
    assert second.returncode == 2
    assert "another hal.safety listens there" in said
    safety.live()
    assert safety.relay_high()
    assert safety.box.pwm.wave.duty_ns < PERIOD_NS

    assert safety.end() == 0
    assert not safety.relay_high()
    assert safety.box.pwm.wave.duty_ns == PERIOD_NS
    assert safety.box.pwm.violations == []
    assert not (runtime_dir / "hal.sock").exists()


def test_sigkill_leaves_the_contactor_closed_until_safe_outputs(
    safety: SafetyProcess, runtime_dir: Path
) -> None:
    """A Pi's kernel keeps the line; without safe_outputs nobody would end the charge."""
    safety.box.kernel.policy = "keeps"
    safety.charge()
    safety.kill()
    assert safety.relay_high()
    assert safety.box.pwm.wave.duty_ns < PERIOD_NS
    for _ in range(3):  # any number of times
        assert safe_outputs(runtime_dir).returncode == 0
    safety.live()
    assert not safety.relay_high()
    assert safety.box.pwm.wave.duty_ns == PERIOD_NS
    safety.until(lambda: safety.box.plant.current_a[0] == 0)


def test_sigkill_opens_the_contactor_where_the_kernel_releases(safety: SafetyProcess) -> None:
    safety.box.kernel.policy = "releases"
    safety.charge()
    safety.kill()
    assert not safety.relay_high()


def test_a_start_alone_makes_the_lines_safe_and_charges_again(safety: SafetyProcess) -> None:
    """Where nobody ran safe_outputs: the next start opens before it does anything else."""
    safety.box.kernel.policy = "keeps"
    safety.charge()
    safety.kill()
    safety.start()
    assert not safety.relay_high()
    safety.until(safety.relay_high)
    assert safety.box.pwm.violations == []


def test_safe_outputs_with_nothing_claimed_has_nothing_to_do(runtime_dir: Path) -> None:
    done = safe_outputs(runtime_dir)
    assert (done.returncode, done.stderr) == (0, "safe_outputs: hal.safety has claimed no lines\n")


def test_safe_outputs_names_what_it_needs() -> None:
    done = run(*module("hal.safety.safe_outputs"))
    assert done.returncode == 2
    assert "--runtime-dir" in done.stderr


def test_claims_name_the_contactor_first(safety: SafetyProcess, runtime_dir: Path) -> None:
    claims = json.loads((runtime_dir / FILE_NAME).read_text())
    assert claims["low_lines"][0] == CONTACTOR
    assert claims["duty_ns"] == PERIOD_NS


def test_without_the_mock_box_it_says_what_to_start(runtime_dir: Path) -> None:
    (runtime_dir / WALLBOX_FILE).write_text(wallbox_file.new_file(mock=True))
    refused = start(runtime_dir, "--mock")
    assert refused.returncode == 2
    assert "start the mock wallbox" in refused.stderr
    assert not (runtime_dir / "hal.sock").exists()


def test_a_wrong_wallbox_toml_is_told_in_full(runtime_dir: Path) -> None:
    (runtime_dir / WALLBOX_FILE).write_text(wallbox_file.new_file(mock=True).replace("= 16.0", "= 40", 1))
    refused = start(runtime_dir, "--mock")
    assert refused.returncode == 2
    assert "installation.max_current_a" in refused.stderr


def test_real_lines_are_never_replaced(runtime_dir: Path) -> None:
    """This machine is no Raspberry Pi: without --mock there is no start, whatever the mock offers."""
    (runtime_dir / WALLBOX_FILE).write_text(wallbox_file.new_file(mock=False))
    box = SimulatedBox(wallbox_file.load(runtime_dir / WALLBOX_FILE, mock=False), runtime_dir)
    refused = start(runtime_dir)
    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert not (runtime_dir / FILE_NAME).exists()
    box.line_map.close()


def test_loads_nothing_that_could_hold_the_tick_up() -> None:
    """No event loop, no serial port, no Modbus, no command-line library in the process of the reflexes."""
    unwanted = ("asyncio", "serial", "pymodbus", "typer", "rich", "ocpp", "websockets", "sqlite3")
    listed = run(
        sys.executable, "-I", "-c", "import hal.safety.__main__, sys; print(*sys.modules)"
    ).stdout.split()
    assert "hal.safety.loop" in listed
    assert not set(listed) & set(unwanted)


def faults(safety: SafetyProcess) -> set[str]:
    return {fault.id for fault in safety.seen[-1].faults}


def test_counters_outlast_a_restart(safety: SafetyProcess, runtime_dir: Path) -> None:
    safety.charge()
    safety.until(lambda: b'"closings":1' in (runtime_dir / STATE_FILE).read_bytes())
    safety.kill()
    safety.start()
    safety.until(safety.relay_high)
    safety.until(lambda: safety.seen[-1].counters.closings == 2)


def test_a_weld_outlasts_sigkill_and_needs_a_person(safety: SafetyProcess, runtime_dir: Path) -> None:
    safety.charge()
    safety.box.fault("weld")
    safety.box.plant.pause()
    safety.until(lambda: "welded" in faults(safety))
    safety.until(lambda: b"welded" in (runtime_dir / STATE_FILE).read_bytes())
    safety.kill()
    safety.box.clear("weld")
    safety.start()
    assert "welded" in faults(safety)
    safety.box.plant.ready()
    for _ in range(500):
        safety.live()
    assert not safety.relay_high()
    (weld,) = (fault for fault in safety.seen[-1].faults if fault.id == "welded")
    safety.clear_faults = (FaultRef("welded", weld.occurrence),)
    safety.wish_now()
    safety.until(lambda: "welded" not in faults(safety))
    safety.until(safety.relay_high)


def test_a_garbled_state_is_a_fault_and_kept_aside(safety: SafetyProcess, runtime_dir: Path) -> None:
    safety.kill()
    safety.until(lambda: not safety.pids("hal.safety.state.writer"))
    (runtime_dir / STATE_FILE).write_bytes(b"\0" * 100)
    safety.start()
    assert "lost_state" in faults(safety)
    assert (runtime_dir / "wallbox-state.unreadable").read_bytes() == b"\0" * 100
    assert "kept as wallbox-state.unreadable: see fault lost_state" in (runtime_dir / "log").read_text()


def test_its_writer_ends_with_it(safety: SafetyProcess, runtime_dir: Path) -> None:
    assert len(safety.pids("hal.safety.state.writer")) == 1
    assert safety.end() == 0
    assert safety.pids("hal.safety.state.writer") == []


def test_an_end_just_after_its_writer_died_is_orderly(safety: SafetyProcess) -> None:
    (writer,) = safety.pids("hal.safety.state.writer")
    os.kill(safety.child.pid, signal.SIGSTOP)
    os.kill(writer, signal.SIGKILL)
    safety.child.send_signal(signal.SIGTERM)
    os.kill(safety.child.pid, signal.SIGCONT)
    assert safety.end() == 0
    assert safety.pids("hal.safety.state.writer") == []


def test_the_writer_of_a_killed_one_ends_too(safety: SafetyProcess, runtime_dir: Path) -> None:
    safety.kill()
    safety.until(lambda: not safety.pids("hal.safety.state.writer"))


def test_a_third_start_with_a_car_in_c_needs_a_person(runtime_dir: Path) -> None:
    text = wallbox_file.new_file(mock=True).replace("starts_for_person = 10000", "starts_for_person = 3")
    text = text.replace("test_pin", "#test_pin")  # a death in the 3 s of the test looks like a trip
    safety = SafetyProcess(runtime_dir, text)
    safety.charge()
    for _ in range(3):
        safety.until(safety.relay_high)
        safety.until(lambda: b'"car_in_c":true' in (runtime_dir / STATE_FILE).read_bytes())
        assert "hal_restarting" not in faults(safety)
        safety.kill()
        safety.start()
        safety.live()
    safety.until(lambda: "hal_restarting" in faults(safety))
    safety.close()
