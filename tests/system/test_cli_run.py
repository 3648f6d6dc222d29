"""`evse-bridge run --mock`: all programs as one box, and what systemd and the mains do to them."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.programs import END_S, EVSE_BRIDGE, BlockingRun, command_line

NAMES = ("mock", "safety", "instruments", "bridge")  # as they start

pytestmark = pytest.mark.real


class Running(BlockingRun):
    """A started `run` in new folders."""

    def __init__(self, folder: Path, *mock: str) -> None:
        """`mock`: `--mock`, or nothing."""
        super().__init__(folder)
        subprocess.run([*EVSE_BRIDGE, "config", "init", *mock, "--config-dir", self.config], check=True)
        if not mock:
            _fill_in(self.config / "charge-point.toml")
        self.start(*mock)

    def until_said(self, what: str, times: int = 1) -> None:
        self.until(lambda: sum(what in line for line in self.lines) >= times, f"{times} times {what!r}")

    def boot_id(self) -> str:
        return (self.runtime / "boot_id").read_text()

    def mock(self, *words: str) -> None:
        command = [*EVSE_BRIDGE, "mock", *words, "--runtime-dir", str(self.runtime)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _fill_in(charge_point: Path) -> None:
    """What an owner has to write into the new file; no port answers there."""
    text = charge_point.read_text()
    for key, value in {"url": "ws://127.0.0.1:9/", "id": "box-1", "serial_number": "X1"}.items():
        text, times = re.subn(rf'^{key} = ".*"$', f'{key} = "{value}"', text, flags=re.MULTILINE)
        assert times == 1
    charge_point.write_text(text)


@pytest.fixture
def running(short_folder: Path) -> Iterator[Running]:
    box = Running(short_folder, "--mock")
    try:
        box.until_said("safety      | bridge connected")
        box.until_said("safety      | instruments connected")
        yield box
    finally:
        box.end()


def test_all_start_every_line_says_mock_and_sigterm_ends_all_in_order(running: Running) -> None:
    assert sorted(running.until_all_run()) == sorted(NAMES)
    assert len(running.boot_id().strip()) == 36
    pids = running.pids()
    programs = [os.pidfd_open(pids[name]) for name in NAMES]
    running.main.terminate()
    while not all(ended := [has_ended(program) for program in programs]):
        assert ended == sorted(ended), "the first to start is the last to end"
        living = [program for program, over in zip(programs, ended, strict=True) if not over]
        select.select(living, [], [], END_S)
    for program in programs:
        os.close(program)
    assert running.main.wait(END_S) == 0
    assert running.pids() == {}
    running.until_said("safe_outputs: lines ")
    assert all(line.startswith("MOCK ") for line in running.lines)


def has_ended(pidfd: int) -> bool:
    return bool(select.select([pidfd], [], [], 0)[0])


def test_a_second_run_in_the_same_folder_is_refused(running: Running) -> None:
    done = subprocess.run(
        [*EVSE_BRIDGE, "run", "--mock", *running.arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "another `evse-bridge run` uses this folder" in done.stderr


def test_a_killed_safety_gets_safe_outputs_at_once_and_is_started_again(running: Running) -> None:
    before = running.until_all_run()
    os.kill(before["safety"], signal.SIGKILL)
    running.until_said("safety was killed by SIGKILL; again in 1 s")
    running.until_said("safety      | bridge connected", times=2)
    said = [line.split("| ")[1] for line in running.lines]
    assert said.index("safe_outputs: lines [17, 20, 23, 24, 21, 22] low, pilot x1") < said.index(
        "safety was killed by SIGKILL; again in 1 s"
    )
    after = running.until_all_run()
    assert {name for name in NAMES if before[name] != after[name]} == {"safety"}


def test_a_power_cut_kills_all_but_the_world_and_power_on_is_a_boot(running: Running) -> None:
    before, boot = running.until_all_run(), running.boot_id()
    running.mock("power-cut")
    running.until(lambda: list(running.pids()) == ["mock"], "only the mock lives")
    assert not any("safe_outputs" in line for line in running.lines)
    running.mock("power-on")
    after = running.until_all_run()
    assert {name for name in NAMES if before[name] == after[name]} == {"mock"}
    assert running.boot_id() != boot


@pytest.mark.parametrize(
    ("kind", "restarted", "boots"),
    [
        ("soft", {"bridge"}, False),
        ("hard", {"bridge", "instruments", "safety"}, False),
        ("reboot", {"bridge", "instruments", "safety"}, True),
    ],
)
def test_the_reset_the_bridge_leaves_behind_is_carried_out(
    running: Running, kind: str, restarted: set[str], boots: bool
) -> None:
    before, boot = running.until_all_run(), running.boot_id()
    (running.runtime / "reset").write_text(kind)
    os.kill(before["bridge"], signal.SIGTERM)
    running.until_said(f"run         | reset: {kind}")
    running.until(
        lambda: all(running.pids().get(name, before[name]) != before[name] for name in restarted), kind
    )
    after = running.until_all_run()
    assert {name for name in NAMES if before[name] != after[name]} == restarted
    assert (running.boot_id() != boot) == boots
    assert not (running.runtime / "reset").exists()


def test_the_programs_end_when_run_is_killed(running: Running) -> None:
    running.until_all_run()
    running.main.kill()
    running.until(lambda: running.pids() == {}, "no orphan lives on")


def test_one_program_alone_takes_the_place_of_the_command(running: Running) -> None:
    """`evse-bridge instruments` is that program: signals and exit code are its own."""
    os.kill(running.until_all_run()["instruments"], signal.SIGSTOP)
    alone = subprocess.Popen(
        [*EVSE_BRIDGE, "instruments", "--mock", *running.arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        running.until(
            lambda: "hal.instruments" in command_line(Path(f"/proc/{alone.pid}")), "the same process"
        )
    finally:
        alone.terminate()
        alone.wait(END_S)
        os.kill(running.pids()["instruments"], signal.SIGCONT)


def test_a_real_box_on_a_machine_with_nothing_says_what_each_program_lacks(short_folder: Path) -> None:
    """No Raspberry Pi here: `hal.safety` ends, the others stay, and nothing is said over and over."""
    box = Running(short_folder)
    try:
        box.until_said("safety      | hal.safety: this is no Raspberry Pi")
        box.until_said(
            "instruments | hal.instruments: card reader: /dev/ttyAMA0 cannot be read: No such file"
        )
        box.until_said("instruments | hal.instruments: meter: silent for 3 polls")
        box.until_said("bridge      | no connection to hal.safety: ")
        box.until_said("bridge      | no connection to the Central System since ")
        box.until_said("run         | safety exited with 2; again in 4 s")
        box.until(lambda: sorted(box.pids()) == ["bridge", "instruments"], "the others stay")
        pauses = [line.split()[-2] for line in box.lines if "safety exited with 2; again in" in line]
        assert pauses == ["1", "2", "4"]
        assert not any(word in line for line in box.lines for word in ("Traceback", "MOCK"))
        assert max(map(box.lines.count, box.lines)) == len(pauses), "once a start and no oftener"
        box.main.terminate()
        assert box.main.wait(END_S) == 0
        assert box.pids() == {}
    finally:
        box.end()
