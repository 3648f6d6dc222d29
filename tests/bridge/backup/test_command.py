"""`evse-bridge backup` and `restore` as commands: beside a bridge that runs, or with programs stopped."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from bridge.awaited_store import awaited_store
from bridge.backup import restoring
from bridge.backup.disk import Disk
from bridge.backup.errors import BackupError
from bridge.backup.judging import Answers
from bridge.backup.places import places
from bridge.backup.programs import UNITS, Programs
from bridge.backup.restore import opened
from bridge.cli import backup as command
from bridge.demo.central_system import CentralSystem
from bridge.folders import CommandError, Folders
from bridge.store import Database
from bridge.store.held import Held
from hal.contract import SOCKET_NAME, STATE_LOCK_NAME, Status, encode
from hal.notify import Notify
from tests.bridge.backup.boxes import PASSPHRASE, PASSWORD, Box, nobody
from tests.bridge.doctor import doctored
from tests.bridge.jobs.test_with_the_program import living
from tests.bridge.store.story import BATCHES_A_ROW
from tests.memory import MEMORY

SECRET = "correct horse battery"
NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="evse-", dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture
def box(folder: Path) -> Box:
    made = Box(folder / "box")
    made.configure()
    made.live(3 * BATCHES_A_ROW)
    made.folders.runtime.mkdir()
    (folder / "passphrase").write_text(SECRET + "\n")
    return made


def evse_bridge(box: Box, *words: str, passphrase: str = "passphrase") -> subprocess.CompletedProcess[str]:
    """Without a terminal."""
    given = [*words, *box.folders.arguments, "--passphrase-file", str(box.folder.parent / passphrase)]
    return subprocess.run(
        [sys.executable, "-m", "bridge.cli.main", *given],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("closed", ["runtime", "config", "state"])
def test_without_rights_it_asks_for_sudo_before_it_asks_for_a_passphrase(box: Box, closed: str) -> None:
    box.folder.parent.chmod(0o755)
    folder: Path = getattr(box.folders, closed)
    folder.chmod(0o000)
    before = os.geteuid()
    if before == 0:  # root may open everything
        os.seteuid(NOBODY)
    try:
        with pytest.raises(CommandError, match=f"^no permission for {folder}: use sudo$"):
            command.require_rights(box.folders)
    finally:
        os.seteuid(before)
        folder.chmod(0o755)


def test_with_rights_nothing_is_demanded(box: Box) -> None:
    box.folders.runtime.rmdir()  # nothing runs
    command.require_rights(box.folders)


def test_a_backup_that_is_not_there_is_named(box: Box) -> None:
    said = evse_bridge(box, "restore", str(box.folder / "none"), passphrase="none")
    assert (said.returncode, said.stderr) == (2, f"{box.folder / 'none'}: no such file that can be read\n")


def test_the_commands(box: Box) -> None:
    """A box is backed up and moved to another folder; all is said in words, and no secret is."""
    new = Box(box.folder.parent / "new")
    file = str(box.folder / "b")
    said = [evse_bridge(box, "backup", file)]
    assert (said[-1].returncode, "MOCK" in said[-1].stdout, "written" in said[-1].stdout) == (0, True, True)
    said.append(evse_bridge(box, "backup", file))
    assert (said[-1].returncode, "exists already" in said[-1].stderr) == (1, True)
    (box.folder.parent / "wrong").write_text("another passphrase\n")
    said.append(evse_bridge(new, "restore", file, passphrase="wrong"))
    assert (said[-1].returncode, "the passphrase is wrong" in said[-1].stderr) == (1, True)
    said.append(evse_bridge(box, "restore", file))
    assert (said[-1].returncode, "--over" in said[-1].stderr) == (1, True)
    said.append(evse_bridge(box, "backup", "--move", str(box.folder / "m")))
    assert (said[-1].returncode, "sends nothing any more" in said[-1].stdout) == (0, True)
    said.append(evse_bridge(new, "restore", str(box.folder / "m")))
    assert (said[-1].returncode, said[-1].stderr) == (0, "")
    said.append(evse_bridge(new, "restore", "--finish"))
    assert "no restore was interrupted" in said[-1].stdout
    said.append(evse_bridge(new, "restore"))
    assert (said[-1].returncode, "name the FILE" in said[-1].stderr) == (2, True)
    with closing(Database(new.places.database)) as store:
        assert len(store.rows(10)) == 3
    for each in said:
        assert "Traceback" not in each.stderr
        assert not [secret for secret in (SECRET, PASSWORD) if secret in each.stdout + each.stderr]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"short\n", "has 5 characters"), (b"", "has 0 characters"), (b"\xff" * 9, "not UTF-8")],
)
def test_what_is_no_passphrase_is_said(box: Box, content: bytes, said: str) -> None:
    (box.folder.parent / "passphrase").write_bytes(content)
    answer = evse_bridge(box, "backup", str(box.folder / "b"))
    assert (answer.returncode, said in answer.stderr, "Traceback" in answer.stderr) == (1, True, False)
    assert not (box.folder / "b").exists()


@pytest.mark.real
async def test_a_bridge_that_runs_copies_its_own_store(folder: Path) -> None:
    """Nobody else can open it; and nothing is left of the copy. Nothing is restored under its feet."""
    async with CentralSystem({}) as central, living(folder, central, {"ocpp.keys.FreeCharging": True}):
        running = Folders(folder / "c", folder / "d", folder / "r", mock=True)
        file = folder / "backup"
        lines = await asyncio.to_thread(lambda: list(command.back_up(running, file, PASSPHRASE)))
        assert "all sessions and messages" in lines[0]
        assert not list((folder / "d").glob("*.copy*"))
        content = opened(file, PASSPHRASE)
        (folder / "image").write_bytes(content.database or b"")
        with closing(Database(folder / "image")) as store:
            assert store.remembered()
        sure = Answers(old_box_is_gone=True, over=True)
        for work in (
            lambda: list(command.restore(running, content, sure, nobody)),
            lambda: list(command.move(running, folder / "moved", PASSPHRASE)),
        ):
            with pytest.raises(BackupError, match="still runs"):
                await asyncio.to_thread(work)
        assert not (folder / "moved").exists()


@pytest.mark.real
async def test_a_box_that_is_held_says_so_and_connects_to_nobody(folder: Path) -> None:
    """Until it is free again."""
    async with CentralSystem({}) as central, living(folder, central, {}) as program:
        await program.kill()
        state = places(Folders(folder / "c", folder / "d", folder / "r", mock=True)).box
        restoring.hold(Disk(), state, Held(kind="moved", why="this box was moved away", move="1"))
        before = len(central.requests("BootNotification"))
        await program.start()
        async with asyncio.timeout(30):
            while "this box was moved away" not in program.log():  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.05)
        assert "nobody can charge" in program.log()
        state.held.unlink()
        await central.until(lambda: len(central.requests("BootNotification")) > before, 30)


async def test_the_store_of_a_box_that_is_held_is_not_opened(box: Box) -> None:
    restoring.hold(Disk(), box.places.box, Held(kind="moved", why="this box was moved away", move="1"))
    with pytest.raises(TimeoutError):  # it would take some milliseconds
        await asyncio.wait_for(awaited_store(box.places.database, Notify({})), 0.5)


def test_nothing_is_stopped_or_replaced_while_run_has_the_box(box: Box) -> None:
    file = box.back_up()
    with (box.folders.runtime / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match=r"the box runs.*end `evse-bridge run` first"):
            list(command.restore(box.folders, opened(file, PASSPHRASE), Answers(over=True), nobody))


def test_while_a_car_charges_nothing_is_moved_or_replaced(box: Box) -> None:
    """An ordinary backup is made."""
    file, files = box.back_up(), box.files()
    closed = (doctored.status(contactor_commanded=True), doctored.status(contactor_closed=True))
    for charging in closed:
        for work in (
            command.move(box.folders, box.folder / "m", PASSPHRASE),
            command.restore(box.folders, opened(file, PASSPHRASE), Answers(over=True), nobody),
            command.finish(box.folders),
        ):
            refused = pytest.raises(BackupError, match="a car charges")
            with safety_says(box.folders.runtime, charging), refused:
                list(work)
    assert box.files() == files
    with safety_says(box.folders.runtime, closed[0]):
        assert list(command.back_up(box.folders, box.folder / "while", PASSPHRASE))


@contextmanager
def safety_says(runtime: Path, status: Status) -> Iterator[None]:
    """A hal.safety that has this Status for whoever comes."""
    path = runtime / SOCKET_NAME
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=_tells, args=(server, encode(status)))
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            path.unlink()


def _tells(server: socket.socket, line: bytes) -> None:
    with suppress(OSError):  # the end
        while True:
            link, _ = server.accept()
            with link:
                link.sendall(line)
                link.recv(1)


def test_no_lock_is_made_that_would_be_shut_to_the_programs(box: Box) -> None:
    with Programs(box.folders).stopped():
        pass
    assert not (box.folders.runtime / STATE_LOCK_NAME).exists()


def test_while_an_update_is_on_trial_nothing_is_done(box: Box) -> None:
    (box.folders.runtime / "trial").write_text("0.2.0.0\n")
    for work in (command.back_up, command.move):
        with pytest.raises(BackupError, match="an update is on trial"):
            list(work(box.folders, box.folder / "b", PASSPHRASE))


def test_a_passphrase_is_not_asked_without_a_terminal() -> None:
    with pytest.raises(CommandError, match="--passphrase-file"):
        command.passphrase(None)


SYSTEMCTL = """#!/bin/sh
# A systemd with three units: a file in its folder is an active one.
echo "$*" >> {folder}/log
case "$1" in
is-active) [ -e {folder}/"$2" ] && echo active || echo inactive ;;
stop) rm {folder}/"$2" ;;
start) touch {folder}/"$3" ;;
esac
"""


@pytest.fixture
def systemd(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = folder / "systemd"
    made.mkdir()
    (made / "systemctl").write_text(SYSTEMCTL.format(folder=made))
    (made / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{made}:{os.environ['PATH']}")
    return made


def test_units_stop_in_order_and_those_that_ran_start_again(box: Box, systemd: Path) -> None:
    real = Folders(box.folders.config, box.folders.state, box.folders.runtime, mock=False)
    for unit in UNITS[:2]:
        (systemd / unit).touch()
    programs = Programs(real, systemd)
    with programs.stopped():
        assert not list(systemd.glob("*.service"))
    programs.start()
    assert {path.name for path in systemd.glob("*.service")} == set(UNITS[:2])
    done = [line for line in (systemd / "log").read_text().splitlines() if not line.startswith("is-active")]
    assert done == [
        "stop evse-bridge.service", "stop evse-instruments.service",
        "start --no-block evse-instruments.service", "start --no-block evse-bridge.service",
    ]  # fmt: skip
