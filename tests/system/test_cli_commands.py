"""`evse-bridge` as a person meets it: help, configuration, wrong use; no traceback anywhere."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.own_mounts import under
from tests.system.programs import EVSE_BRIDGE

MOCK_VERBS = {
    "plug-in", "plug-out", "ready", "pause", "swipe", "fault", "clear", "car", "kernel", "state",
    "power-cut", "power-on", "copper", "cp-open", "disturb", "kernel-hang", "unplug-at-car", "central-system",
    "house"}  # fmt: skip


def evse_bridge(*arguments: str | Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | ({"XDG_DATA_HOME": str(home)} if home else {})
    done = subprocess.run(
        [sys.executable, "-I", "-m", "bridge.cli.main", *map(str, arguments)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert "Traceback" not in done.stderr + done.stdout
    return done


def test_help_lists_the_commands() -> None:
    done = evse_bridge("--help")
    assert done.returncode == 0
    for command in ("run", "safety", "instruments", "bridge", "demo", "doctor", "config", "mock"):
        assert f"\n  {command} " in done.stdout


def test_help_of_every_mock_verb_says_mock() -> None:
    listed = evse_bridge("mock", "--help").stdout.split("Commands:")[1].strip().splitlines()
    assert {line.split()[0] for line in listed} == MOCK_VERBS
    assert all(line.split()[1] == "MOCK:" for line in listed)


def test_a_sheet_has_a_place_before_the_doctor_begins(tmp_path: Path) -> None:
    done = evse_bridge("doctor", "--report", tmp_path / "nowhere" / "sheet.html")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no folder" in done.stderr


@pytest.mark.parametrize("light", ["rich", "websockets", "asyncio", "gpiozero", "sqlite3", "ocpp"])
def test_help_loads_nothing_heavy(light: str) -> None:
    """So that it answers at once, also on a small Raspberry Pi."""
    script = f"import sys, bridge.cli.main; sys.exit({light!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-I", "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["mock", "swipe"],
        ["mock", "kernel", "wat"],
        ["run", "--wat"],
        ["mock", "car", "--phases", "x"],
        ["mock", "car", "--phases", "9"],
        *(["mock", "car", "--amps", amps] for amps in ("-5", "5.9", "80.1", "nan", "inf", "1e400")),
        *(["mock", "cp-open", ms] for ms in ("nan", "0", "1e9")),
        ["mock", "kernel-hang", "nan"],
        *(["mock", "house", amps] for amps in ("nan", "401", "x")),
        ["mock", "house", "--solar-w", "inf"],
    ],
)
def test_wrong_use_exits_2(arguments: list[str]) -> None:
    done = evse_bridge(*arguments)
    assert done.returncode == 2
    assert "Usage: " in done.stderr


@pytest.mark.parametrize("value", ["nan", "inf", "1e400", ""])
def test_a_part_of_the_copper_is_a_number(value: str) -> None:
    done = evse_bridge("mock", "copper", f"hum_v={value}")
    assert done.returncode == 1
    assert f"hum_v={value}: must be PART=VALUE with a number" in done.stderr


def test_init_writes_both_files_and_never_over_them(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "config"
    assert evse_bridge("config", "init", "--mock", "--config-dir", folder).returncode == 0
    (folder / "wallbox.toml").write_text("# mine")
    (folder / "charge-point.toml").unlink()
    done = evse_bridge("config", "init", "--config-dir", folder)
    assert done.returncode == 0
    assert "wallbox.toml: exists already and stays as it is" in done.stdout
    assert (folder / "wallbox.toml").read_text() == "# mine"
    assert "[central_system]" in (folder / "charge-point.toml").read_text()


def test_check_of_good_files_tells_what_they_are(tmp_path: Path) -> None:
    evse_bridge("config", "init", "--mock", "--config-dir", tmp_path)
    with (tmp_path / "charge-point.toml").open("a") as file:
        file.write("[zaptec]\nauthorization_required = false\n")
    text = (tmp_path / "charge-point.toml").read_text().replace("\n[zaptec]\n", "\n", 1)
    (tmp_path / "charge-point.toml").write_text(text)
    done = evse_bridge("config", "check", "--mock", "--config-dir", tmp_path)
    assert done.returncode == 0
    assert "MOCK wallbox.toml: socket, 3 phases, 16 A\n" in done.stdout
    assert "MOCK charge-point.toml: MOCK0001 at ws://127.0.0.1:9000/ocpp\n" in done.stdout
    assert "warning: free charging is on" in done.stdout


def test_check_lists_all_faults_of_both_files(tmp_path: Path) -> None:
    evse_bridge("config", "init", "--mock", "--config-dir", tmp_path)
    for name, old, new in [
        ("wallbox.toml", "max_current_a = 16.0", "max_current_a = 40"),
        ("wallbox.toml", "pin = 17", "pin = 3"),
        ("charge-point.toml", '"MOCK0001"', '" ab"'),
    ]:
        path = tmp_path / name
        path.write_text(path.read_text().replace(old, new, 1))
    done = evse_bridge("config", "check", "--mock", "--config-dir", tmp_path)
    assert done.returncode == 2
    line_of_id = (tmp_path / "charge-point.toml").read_text().split('" ab"')[0].count("\n") + 1
    assert done.stdout == ""
    faults = done.stderr.splitlines()
    assert len(faults) == 3
    assert (
        faults[0] == "wallbox.toml:6: installation.max_current_a = 40: must be 6 to 32 "
        "(what breaker, cable and laying allow)"
    )
    assert "contactor.pin = 3: must be a whole number, 9 to 27" in faults[1]
    assert faults[2].startswith(f'charge-point.toml:{line_of_id}: charge_point.id = " ab": must be')


def test_check_lists_the_faults_of_the_owners_file_too(tmp_path: Path) -> None:
    evse_bridge("config", "init", "--mock", "--config-dir", tmp_path)
    (tmp_path / "owner.toml").write_text("[page]\nport = 80\n")
    done = evse_bridge("config", "check", "--mock", "--config-dir", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("owner.toml:2: page.port = 80: must be")


def test_check_without_files_tells_how_to_get_them(tmp_path: Path) -> None:
    done = evse_bridge("config", "check", "--config-dir", tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("`evse-bridge config init` writes a new one") == 2


def test_init_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = evse_bridge("config", "init", "--config-dir", tmp_path / "file" / "c")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "Not a directory; name another folder with --config-dir" in done.stderr


def test_init_on_a_full_disk_leaves_no_half_a_file(tmp_path: Path) -> None:
    """Which the next `config init` would leave as it is."""
    config = tmp_path / "c"
    config.mkdir()
    script = f"{shlex.join([*EVSE_BRIDGE, 'config', 'init', '--config-dir', str(config)])}; ls {config}"
    done = subprocess.run(
        [*under(f"mount -t tmpfs -o size=4k tmpfs {config}"), "sh", "-c", script],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == ""
    assert done.stderr == f"{config / 'wallbox.toml'}: No space left on device; free space on its disk\n"


REAL_COMMANDS = (
    "run", "safety", "instruments", "bridge", "config check", "doctor --json", "sessions",
    "sessions --resend 1", "profiles", "profiles clear 5 --yes", "clear --yes", "datatransfer vendor message",
    "report 2026-11", "report 2026-11 --json", "sessions --json",
    "status", "status --json", "status --watch --json", "why",
    "start 04AABBCC", "stop", "limit 10", "limit off", "keys", "frames --json",
)  # fmt: skip


@pytest.mark.parametrize("there", ["nothing", "files", "empty folders"])
@pytest.mark.parametrize("command", REAL_COMMANDS)
def test_a_real_box_that_lacks_everything_gets_a_word_not_a_traceback(
    tmp_path: Path, command: str, there: str
) -> None:
    """And a code that is not 0. `there`: what stands in the place of the three folders."""
    folders = {option: tmp_path / option.strip("-") for option in FOLDERS[command.split()[0]]}
    for folder in folders.values():
        if there == "files":
            folder.write_text("")
        elif there == "empty folders":
            folder.mkdir()
    chosen = [word for option, folder in folders.items() for word in (option, folder)]
    done = evse_bridge(*command.split(), *chosen)
    assert done.returncode in (1, 2)
    assert "Errno" not in done.stdout + done.stderr
    assert done.stderr.count("\n") <= 2
    assert done.stdout + done.stderr


ALL_FOLDERS = ("--config-dir", "--state-dir", "--runtime-dir")
FOLDERS = dict.fromkeys((command.split()[0] for command in REAL_COMMANDS), ALL_FOLDERS) | {
    "config": ("--config-dir",), "clear": ("--runtime-dir",), "datatransfer": ("--runtime-dir",),
    "status": ("--runtime-dir",), "why": ("--runtime-dir",),
    **dict.fromkeys(("start", "stop", "limit", "keys", "frames"), ("--runtime-dir",)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("option", "name"),
    [("--state-dir", None), ("--runtime-dir", None), ("--runtime-dir", "run.lock")],
)
def test_run_names_the_folder_it_cannot_use(tmp_path: Path, option: str, name: str | None) -> None:
    """`name`: a folder stands where this file would."""
    evse_bridge("config", "init", "--mock", "--config-dir", tmp_path)
    blocked = tmp_path / "blocked"
    if name:
        (blocked / name).mkdir(parents=True)
    else:
        blocked.write_text("")
    folders = {"--state-dir": tmp_path, "--runtime-dir": tmp_path} | {option: blocked}
    chosen = [word for key, folder in folders.items() for word in (key, folder)]
    done = evse_bridge("run", "--mock", "--config-dir", tmp_path, *chosen)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{blocked / (name or '')}".rstrip("/") + ": ")
    assert done.stderr.endswith(f"; name another folder with {option}\n")


def test_run_refuses_a_production_configuration_for_a_mock(tmp_path: Path) -> None:
    evse_bridge("config", "init", "--mock", "--config-dir", tmp_path)
    path = tmp_path / "charge-point.toml"
    path.write_text(path.read_text().replace('serial_number = "MOCK0001"', 'serial_number = "EV123"'))
    done = evse_bridge(
        "run", "--mock", "--config-dir", tmp_path, "--state-dir", tmp_path, "--runtime-dir", tmp_path
    )
    assert done.returncode == 2
    assert "is that of a real box, and a mock box must not use it" in done.stderr


def test_run_refuses_a_runtime_folder_too_long_for_sockets(tmp_path: Path) -> None:
    done = evse_bridge("run", "--mock", "--runtime-dir", tmp_path / ("x" * 100))
    assert done.returncode == 2
    assert "choose a shorter --runtime-dir" in done.stderr


def test_a_mock_verb_without_a_mock(tmp_path: Path) -> None:
    done = evse_bridge("mock", "plug-in", home=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("MOCK plug-in: no mock wallbox listens at ")
    assert "evse-bridge run --mock" in done.stderr


class OneAnswer:
    """A mock.sock that gives one prepared answer and keeps what it was asked."""

    def __init__(self, folder: Path, answer: bytes) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(folder / "mock.sock"))
        self._socket.listen()
        self._answer = answer
        self.asked = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        peer, _ = self._socket.accept()
        with peer, peer.makefile("rb") as lines:
            self.asked = lines.readline()
            peer.sendall(self._answer)

    def close(self) -> None:
        self._thread.join()
        self._socket.close()


@pytest.fixture
def answered(short_folder: Path) -> Iterator[list[OneAnswer]]:
    served: list[OneAnswer] = []
    yield served
    for one in served:
        one.close()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["plug-in"], {"do": "plug-in"}),
        (["power-cut"], {"do": "power-cut"}),
        (["swipe", "04AABBCC"], {"do": "swipe", "tag": "04AABBCC"}),
        (["fault", "diode"], {"do": "fault", "name": "diode"}),
        (["car", "--amps", "13"], {"do": "car", "amps": 13.0}),
        (["car", "--phases", "1", "--amps", "16"], {"do": "car", "phases": 1, "amps": 16.0}),
        (["kernel", "releases"], {"do": "kernel", "policy": "releases"}),
    ],
)
def test_a_verb_is_one_line_and_its_answer_says_mock(
    short_folder: Path, answered: list[OneAnswer], words: list[str], line: dict[str, object]
) -> None:
    answered.append(OneAnswer(short_folder, b'{"ok": true}\n'))
    done = evse_bridge("mock", *words, "--runtime-dir", short_folder)
    assert done.returncode == 0
    assert done.stdout.startswith(f"MOCK {words[0]}")
    answered[0].close()
    assert json.loads(answered[0].asked) == line


def test_a_refusal_is_one_line(short_folder: Path, answered: list[OneAnswer]) -> None:
    answered.append(OneAnswer(short_folder, b'{"ok": false, "error": "the lock holds the plug"}\n'))
    done = evse_bridge("mock", "plug-out", "--runtime-dir", short_folder)
    assert (done.returncode, done.stderr) == (1, "MOCK plug-out: the lock holds the plug\n")


def test_a_mock_that_answers_nonsense(short_folder: Path, answered: list[OneAnswer]) -> None:
    answered.append(OneAnswer(short_folder, b""))
    done = evse_bridge("mock", "state", "--runtime-dir", short_folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "MOCK state: no answer from" in done.stderr


def test_the_state_is_json(short_folder: Path, answered: list[OneAnswer]) -> None:
    answered.append(OneAnswer(short_folder, b'{"ok": true, "car": "away"}\n'))
    done = evse_bridge("mock", "state", "--runtime-dir", short_folder)
    assert json.loads(done.stdout) == {"car": "away"}
    assert done.stderr == "MOCK state: ok\n"
