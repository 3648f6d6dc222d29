"""The doctor's judgement of the machine and of the programs, and its look at the kernel's files."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from bridge.doctor import look, machine, programs, units
from bridge.doctor.check import Result
from bridge.doctor.machine import Storage
from bridge.doctor.proc import connections, running_programs
from bridge.doctor.programs import Process, Running, Unit, Versions
from bridge.store.held import Held
from hal.contract import Counters, Temperatures
from tests.bridge.doctor.doctored import BOX, INSTRUMENTS, status

pytestmark = pytest.mark.distribution

NOW = datetime(2026, 7, 1, tzinfo=UTC)
PROCESS = Process(Running(pid=7, uid=0, age_s=7200.0))


@pytest.mark.parametrize(
    ("now", "synchronized", "result"),
    [
        (NOW, True, "ok"),
        (NOW, False, "warning"),
        (NOW, None, "not checked"),
        (datetime(1970, 1, 1, tzinfo=UTC), True, "fault"),
    ],
)
def test_clock(now: datetime, synchronized: bool | None, result: Result) -> None:
    assert machine.clock(now, synchronized=synchronized).result == result


@pytest.mark.parametrize(
    ("health", "result"),
    [
        ("ok", "ok"),
        ("under-voltage: the supply fell below 4.63 V", "fault"),
        ("not measured: this machine tells nothing", "not checked"),
    ],
)
def test_supply(health: str, result: Result) -> None:
    assert machine.supply(msgspec.structs.replace(INSTRUMENTS, pi_health=health)).result == result


@pytest.mark.parametrize(("soc_c", "result"), [(79.9, "ok"), (80.0, "warning"), (None, "not checked")])
def test_chip(soc_c: float | None, result: Result) -> None:
    assert machine.chip(Temperatures(at_s=0.0, soc_c=soc_c)).result == result


@pytest.mark.parametrize(
    ("storage", "result", "words"),
    [
        (Storage("mmcblk0"), "not checked", "does not report its wear"),
        (Storage("mmcblk0", (1, 1), 1, 0), "ok", "0 to 10 % used, 0 file system errors"),
        (Storage("mmcblk0", (1, 8), 1, None), "ok", "70 to 80 % used"),
        (Storage("mmcblk0", (1, 9), 1, None), "warning", "80 to 90 % used"),
        (Storage("mmcblk0", (10, 1), 1, None), "fault", "90 to 100 % used"),
        (Storage("mmcblk0", (11, 1), 1, None), "fault", "over 100 % used"),
        (Storage("mmcblk0", (1, 1), 2, None), "warning", "used"),
        (Storage("mmcblk0", (1, 1), 3, None), "fault", "used"),
        (Storage("sda", errors=3), "warning", "3 file system errors"),
    ],
)
def test_wear(storage: Storage, result: Result, words: str) -> None:
    check = machine.wear(storage)
    assert check.result == result
    assert words in check.measured


FED, IDLE = machine.Watchdog("watchdog0", "active", 15), machine.Watchdog("watchdog0", "inactive", 15)


@pytest.mark.parametrize(
    ("there", "line", "result", "measured"),
    [
        ([FED], False, "ok", "watchdog0 active, 15 s"),
        ([IDLE, FED], False, "ok", "watchdog0 inactive, 15 s; watchdog0 active, 15 s"),
        ([IDLE], False, "fault", "watchdog0 inactive, 15 s"),
        ([], False, "fault", "there is none"),
        ([], True, "warning", "there is none"),
        ([machine.Watchdog("watchdog1", "active", 60)], False, "fault", "watchdog1 active, 60 s"),
        ([machine.Watchdog("w", "", None)], True, "warning", "w reports nothing, timeout unknown"),
    ],
)
def test_watchdog(there: list[machine.Watchdog], line: bool, result: Result, measured: str) -> None:
    check = machine.watchdog(there, line=line)
    assert (check.result, check.measured) == (result, measured)


@pytest.mark.parametrize(
    ("after_s", "oops", "result"),
    [(1, True, "ok"), (10, True, "ok"), (-1, True, "ok"), (0, True, "warning"), (11, True, "warning"),
     (1, False, "warning")],
)  # fmt: skip
def test_panic(after_s: int, oops: bool, result: Result) -> None:
    assert machine.panic(after_s, oops_panics=oops).result == result


@pytest.mark.parametrize(("free", "result"), [(600e6, "ok"), (499e6, "warning"), (49e6, "fault")])
def test_free_space(free: float, result: Result) -> None:
    assert machine.free_space(int(free), int(30e9)).result == result


@pytest.mark.parametrize(("took_s", "result"), [(0.01, "ok"), (1.5, "warning"), (None, "fault")])
def test_state_folder(took_s: float | None, result: Result) -> None:
    assert machine.state_folder("/var/lib/evse-bridge", took_s, "Read-only file system").result == result


def test_a_folder_of_the_programs_is_not_the_doctors() -> None:
    check = machine.unwritable("/var/lib/evse-bridge", PermissionError(13, "Permission denied"))
    assert (check.result, check.do) == ("not checked", "Run the doctor with sudo.")


@pytest.mark.parametrize(
    ("changed", "result"),
    [
        ({}, "ok"),
        ({"counters": Counters(late_ticks=2)}, "warning"),
        ({"real_time": "no real-time priority (Operation not permitted), memory locked"}, "fault"),
        ({"real_time": "no real-time priority (x), memory not locked (y)", "mock": True}, "warning"),
    ],
)
def test_real_time(changed: dict[str, Any], result: Result) -> None:
    assert programs.real_time(status(**changed)).result == result


def test_a_box_that_must_not_run_is_named() -> None:
    assert programs.held("", "").result == "ok"
    for kind in get_args(get_type_hints(Held)["kind"]):
        found = programs.held(kind, "this box was moved away")
        assert (found.result, found.measured) == ("fault", "this box was moved away")
        assert found.do


def test_a_program_of_which_only_the_process_is_seen() -> None:
    again = Process(None, Unit("activating", "exit-code", 14, "charge-point.toml:80: nonsense"))
    found = programs.unheard(programs.BRIDGE, "bridge", again)
    assert (found.result, "restarted 14 times" in found.measured) == ("fault", True)
    assert 'its last line: "charge-point.toml:80: nonsense"' in found.measured
    assert "journalctl -u evse-bridge" in found.do
    lives = programs.unheard(programs.BRIDGE, "bridge", PROCESS)
    assert (lives.result, lives.measured) == ("not checked", "hal.safety does not answer (pid 7 for 2 h)")


def test_programs_by_what_they_say() -> None:
    first, later = status(wish_seq=5), status(wish_seq=6)
    assert programs.bridge([first, later], PROCESS, by_units=True).result == "ok"
    silent = programs.bridge([first, first], PROCESS, by_units=True)
    assert (silent.result, silent.measured) == ("fault", "sends no wish (pid 7 for 2 h)")
    assert "journalctl -u evse-bridge" in silent.do
    assert programs.instruments(speaks=True, process=PROCESS, by_units=True).result == "ok"
    gone = programs.instruments(speaks=False, process=Process(), by_units=False)
    assert (gone.result, gone.measured) == ("fault", "does not answer (no process seen)")
    assert "evse-bridge run --mock" in gone.do


REFUSED = Unit("activating", "exit-code", 14, "/dev/spidev0.0 is absent: add dtparam=spi=on to config.txt")


@pytest.mark.parametrize(
    ("process", "words"),
    [
        (Process(), "no process seen"),
        (Process(PROCESS.running, Unit("active", "success", 0, "a line")), "pid 7 for 2 h"),
        (Process(PROCESS.running, Unit("active", "success", 3, "a line")), "pid 7 for 2 h"),
        (
            Process(None, REFUSED),
            "no process seen; unit activating, restarted 14 times, last end: exit-code; its last line: "
            '"/dev/spidev0.0 is absent: add dtparam=spi=on to config.txt"',
        ),
        (
            Process(Running(7, 0, 1.0), REFUSED),
            "pid 7 for 1 s; unit activating, restarted 14 times, last end: exit-code; its last line: "
            '"/dev/spidev0.0 is absent: add dtparam=spi=on to config.txt"',
        ),
        (
            Process(None, Unit("inactive", "success", 0, "")),
            "no process seen; unit inactive, last end: success",
        ),
    ],
)
def test_a_unit_that_ends_again_and_again_says_why(process: Process, words: str) -> None:
    assert str(process) == words


def test_systemd_in_words(tmp_path: Path) -> None:
    """Programs of those names stand in for it: what they print is what systemd 252 prints."""
    show = "Result=exit-code\nNRestarts=14\nActiveState=activating\nLoadState=loaded\n"
    (tmp_path / "systemctl").write_text(f"#!/bin/sh\nprintf '{show}'\n")
    (tmp_path / "journalctl").write_text(
        "#!/bin/sh\necho \"$*\" | grep -q UNIT=evse-safety && echo '  why  '\n"
        "echo 'safe_outputs: hal.safety has claimed no lines'\n"  # of ExecStopPost
    )
    for name in ("systemctl", "journalctl"):
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert units.seen("evse-safety", path) == Unit("activating", "exit-code", 14, "why")
    (tmp_path / "systemctl").write_text("#!/bin/sh\necho LoadState=not-found\n")
    assert units.seen("evse-safety", path) is None
    assert units.seen("evse-safety", str(tmp_path / "nothing")) is None


def test_a_mock_is_not_taken_for_a_box() -> None:
    assert programs.safety(BOX, status(), PROCESS, mock=False).result == "ok"
    mock = msgspec.structs.replace(BOX, mock=True)
    check = programs.safety(mock, status(), PROCESS, mock=False)
    assert (check.result, check.measured) == ("fault", "it is a MOCK box")
    assert programs.safety(BOX, status(), PROCESS, mock=True).result == "fault"


RUNNING = Versions("0.1.0.7+gabc", "0.1.0.7", "0.1.0.7+gabc", "0.1.0.7")


@pytest.mark.parametrize(
    ("seen", "result"),
    [
        (RUNNING, "ok"),
        (replace(RUNNING, bridge=""), "ok"),
        (replace(RUNNING, bridge="0.1.0.6"), "warning"),
        (replace(RUNNING, safety="0.1.0.6+gdef"), "warning"),
    ],
)
def test_a_program_of_another_version_is_named(seen: Versions, result: Result) -> None:
    check = programs.versions(seen, by_units=True)
    assert check.result == result
    assert (seen.bridge in check.measured, seen.safety in check.measured) == (True, True)
    if result == "warning":
        assert check.do == "Restart all programs: systemctl restart evse-bridge.target"
        assert "evse-bridge run --mock" in programs.versions(seen, by_units=False).do


# What the kernel's files say, in a folder laid out like theirs.


def _kernel_file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def test_the_wear_of_an_emmc_is_read_from_its_disk(tmp_path: Path) -> None:
    number = tmp_path.stat().st_dev
    disk = tmp_path / "devices" / "mmcblk0"
    _kernel_file(disk / "device" / "life_time", "0x02 0x0a")
    _kernel_file(disk / "device" / "pre_eol_info", "0x01")
    _kernel_file(disk / "mmcblk0p2" / "partition", "2")
    _kernel_file(tmp_path / "fs" / "ext4" / "mmcblk0p2" / "errors_count", "0")
    block = tmp_path / "dev" / "block"
    block.mkdir(parents=True)
    (block / f"{os.major(number)}:{os.minor(number)}").symlink_to(disk / "mmcblk0p2")
    assert look.storage(tmp_path, tmp_path) == Storage("mmcblk0", (2, 10), 1, 0)


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    assert look.storage(tmp_path, tmp_path / "nothing") == Storage("this file system")


def test_the_channel_of_the_pilot_is_found_beside_a_fan(tmp_path: Path) -> None:
    for name, period in (("pwmchip0/pwm1", 40_000), ("pwmchip2/pwm2", 1_000_000)):
        for file, number in (("period", period), ("duty_cycle", period // 2), ("enable", 1)):
            _kernel_file(tmp_path / name / file, str(number))
    assert look.pwm(tmp_path) == look.Pwm(1_000_000, 500_000, True)
    assert look.pwm(tmp_path / "nothing") is None


def test_serial_ports(tmp_path: Path) -> None:
    for name in ("ttyUSB0", "ttyS0", "ttyprintk", "serial/by-id/usb-x"):
        _kernel_file(tmp_path / name, "")
    assert look.serial_ports(tmp_path) == [
        str(tmp_path / name) for name in ("serial/by-id/usb-x", "ttyUSB0", "ttyS0")
    ]


def test_a_state_folder_is_left_as_it_was(tmp_path: Path) -> None:
    assert look.synced_s(tmp_path) >= 0
    assert list(tmp_path.iterdir()) == []
    assert look.state_folders(tmp_path) == [tmp_path]
    (tmp_path / "bridge").mkdir()
    assert look.state_folders(tmp_path) == [tmp_path / "bridge"]


def test_no_program_runs_in_a_folder_of_nobody(tmp_path: Path) -> None:
    assert running_programs(tmp_path) == {}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_connection_is_seen_in_the_kernels_table(host: str) -> None:
    async def stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(stay, host, 0)
    port = server.sockets[0].getsockname()[1]
    assert connections(os.getuid(), {host: port}) == frozenset()
    _, writer = await asyncio.open_connection(host, port)
    seen = connections(os.getuid(), {host: port})
    assert len(seen) == 1
    assert connections(os.getuid() + 1, {host: port}) == frozenset()
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


def test_what_the_kernel_tells_of_watchdogs_and_panics(tmp_path: Path) -> None:
    assert look.watchdogs(tmp_path) == []
    assert look.panic(tmp_path) is None
    _kernel_file(tmp_path / "class/watchdog/watchdog0/state", "active")
    _kernel_file(tmp_path / "class/watchdog/watchdog0/timeout", "15")
    (tmp_path / "class/watchdog/watchdog1").mkdir()
    assert look.watchdogs(tmp_path) == [FED, machine.Watchdog("watchdog1", "", None)]
    _kernel_file(tmp_path / "sys/kernel/panic", "-1")
    _kernel_file(tmp_path / "sys/kernel/panic_on_oops", "0")
    assert look.panic(tmp_path) == (-1, False)
