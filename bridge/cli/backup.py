"""`evse-bridge backup` and `restore`: the passphrase, the owner's answers, and a box that does not charge."""

from __future__ import annotations

import contextlib
import getpass
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from bridge.backup import backup as backups
from bridge.backup import restore as restores
from bridge.backup import restoring
from bridge.backup.alone import alone
from bridge.backup.content import Content
from bridge.backup.disk import Disk
from bridge.backup.errors import BackupError
from bridge.backup.judging import Answers, Refusal
from bridge.backup.places import places
from bridge.backup.programs import Programs
from bridge.backup.sealed_file import Passphrase
from bridge.cli.asking import NoBridgeError, asked, identity
from bridge.cli.books import every_session
from bridge.doctor.wire import Heard, NobodyError, Wire
from bridge.folders import CommandError, Folders
from bridge.local.orders import SOCKET_NAME as DESK_NAME
from bridge.local.orders import CopyStore, Reply
from hal import durable
from hal.contract import SOCKET_NAME

COPIED_WITHIN_S = 300.0  # 100 MB on a slow card
STATUS_WITHIN_S = 3.0
TRIAL_NAME = "trial"  # in the runtime folder, while a new version must prove itself
_PASSPHRASE_MOST_BYTES = 4096


def require_rights(folders: Folders) -> None:
    """Demands that all of the box may be read, before a passphrase is asked for. Raises BackupError."""
    for folder in (folders.runtime, folders.config, folders.state, folders.state_of("bridge")):
        try:
            os.scandir(folder).close()
        except PermissionError:
            raise BackupError(f"no permission for {folder}: use sudo") from None
        except OSError:
            continue  # it is not there, or no folder: whoever needs it says so


def passphrase(file: Path | None) -> Passphrase:
    """Reads the passphrase from that file, else asks for it. Raises CommandError."""
    if file is None:
        return Passphrase(_typed("Passphrase of the backup: "))
    try:
        lines = durable.read(file, _PASSPHRASE_MOST_BYTES).splitlines()
        return Passphrase(lines[0].decode() if lines else "")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file}: its first line is not UTF-8 text") from None


def new_passphrase(file: Path | None) -> Passphrase:
    """Reads it as `passphrase`, but asks twice: without it the backup is lost."""
    found = passphrase(file)
    if file is None and not found.is_same(Passphrase(_typed("Once more: "))):
        raise BackupError("the two passphrases differ; nothing was written")
    return found


def opened(file: Path, given: Passphrase) -> Content:
    """Reads a backup. Raises CommandError that says what is wrong with it."""
    return restores.opened(file, given)


def back_up(folders: Folders, file: Path, given: Passphrase) -> Iterator[str]:
    """Backs up a box, also while it charges. Raises CommandError."""
    _require_no_trial(folders)
    yield from backups.back_up(places(folders), file, given, _copy_of_bridge(folders)).splitlines()


def move(folders: Folders, file: Path, given: Passphrase) -> Iterator[str]:
    """Backs up a box and holds it; its programs start again, and say so. Raises CommandError."""

    def work() -> tuple[list[str], bool]:
        with _undisturbed():
            return backups.move(places(folders), file, given, Disk()).splitlines(), True

    yield from _while_stopped(folders, work)


def restore(
    folders: Folders, content: Content, answers: Answers, sure: Callable[[Refusal], bool]
) -> Iterator[str]:
    """Restores a backup on a box that does not charge. `sure`: asks the owner what is not answered yet.
    Raises CommandError: the box is as it was."""
    wanted = restores.Asked(content, folders, places(folders), answers, sure)

    def work() -> tuple[list[str], bool]:
        restores.require_allowed(wanted)
        with _undisturbed():
            report = restores.restore(wanted, Disk())
        return list(report.lines), report.can_start

    yield from _while_stopped(folders, work)


def finish(folders: Folders) -> Iterator[str]:
    """Ends a restore that was interrupted. Raises CommandError."""

    def work() -> tuple[list[str], bool]:
        with _undisturbed():
            return [restores.finish(places(folders), Disk())], True

    yield from _while_stopped(folders, work)


def finish_interrupted(folders: Folders) -> Iterator[str]:
    """Ends a restore, if one was interrupted, before `run` starts the programs. Raises CommandError."""
    box = places(folders)
    if restoring.interrupted(box.box):
        with alone(box.state):
            yield restores.finish(box, Disk())


def _while_stopped(folders: Folders, work: Callable[[], tuple[list[str], bool]]) -> Iterator[str]:
    """Does it while no program of the box runs, and starts again what ran. Raises CommandError."""
    _require_no_trial(folders)
    _require_idle(folders)
    programs = Programs(folders)
    can_start = True
    with alone(folders.state):
        try:
            with programs.stopped():
                _require_ended(folders)
                lines, can_start = work()
        finally:
            if can_start:
                programs.start()
    yield from lines
    if programs.were_active and not can_start:
        yield "the box stays stopped; then: systemctl start evse-bridge.target"


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Lets Ctrl-C, or a terminal that goes away, count only after it: it takes seconds."""
    signals = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ended_in_words() -> None:
    """Makes a terminal that goes away an error of the command: what it has stopped is started again."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, _ended)


def _ended(_number: int, _frame: object) -> None:
    raise BackupError("ended by a signal")


def _copy_of_bridge(folders: Folders) -> Callable[[], None] | None:
    """Returns what asks the bridge that listens there for a copy; None: there is none. Where the copy lies we
    know ourselves: a bridge that was taken over might name any file."""
    try:
        listening = identity(folders.runtime)
    except NoBridgeError:
        return None
    own = places(folders).database
    if listening.database != str(own.resolve()):
        raise CommandError(f"the bridge in {folders.runtime} has {listening.database}: name its --state-dir")

    def copy() -> None:
        reply = asked(folders.runtime, CopyStore(), Reply, COPIED_WITHIN_S)
        if reply.status != "Accepted":
            raise BackupError(reply.why or "the bridge has made no copy of its store")

    return copy


def _require_no_trial(folders: Folders) -> None:
    if (folders.runtime / TRIAL_NAME).exists():
        raise BackupError("an update is on trial: try again when it has ended, 5 minutes at most")


def _require_idle(folders: Folders) -> None:
    """Raises BackupError while a car charges or a session runs."""
    if _contactor_is_closed(folders.runtime):
        raise BackupError("a car charges: wait until its session has ended, or end it")
    try:
        identity(folders.runtime)
    except NoBridgeError:
        return
    if any(session.row.stopped_at is None for session in every_session(folders)):
        raise BackupError("a session runs: wait until it has ended, or end it")


def _require_ended(folders: Folders) -> None:
    """Demands that no program listens any more that nobody has stopped. Raises BackupError."""
    for name in (DESK_NAME, SOCKET_NAME):
        path = folders.runtime / name
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(STATUS_WITHIN_S)
            try:
                link.connect(str(path))
            except OSError:
                continue
        raise BackupError(f"a program of the box still runs (it listens at {path}): end it first")


def _contactor_is_closed(runtime_dir: Path) -> bool:
    """Asks `hal.safety`; one that does not run has opened it."""
    if not (runtime_dir / SOCKET_NAME).exists():
        return False
    wire = Wire(runtime_dir)

    def has_status(heard: Heard) -> bool:
        return heard.status is not None

    try:
        wire.hear(has_status, STATUS_WITHIN_S)
    except NobodyError:
        return False
    status = wire.heard.status
    if status is None:
        raise BackupError("hal.safety does not answer, so nobody knows whether a car charges; read its log")
    return status.contactor_commanded or status.contactor_closed


def _typed(question: str) -> str:
    """Asks without showing it. Raises CommandError where nobody can answer."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise CommandError("the passphrase is asked at a terminal; without one, name --passphrase-file")
    try:
        return getpass.getpass(question)
    except (EOFError, KeyboardInterrupt):
        raise CommandError("nothing was done") from None
