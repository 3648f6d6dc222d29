"""`evse-bridge restore FILE`: looks at everything first, then places all of it or nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bridge import config_files, settings
from bridge.backup import restoring, sealed_file
from bridge.backup.content import UNFINISHED, Content, decode, named_files
from bridge.backup.disk import Disk, Owner
from bridge.backup.errors import BackupError, refused
from bridge.backup.judging import Answers, Here, Refusal, refusals
from bridge.backup.machine import Machine, this_machine
from bridge.backup.places import Places
from bridge.backup.restored_store import Ready, ready
from bridge.folders import CommandError, Folders
from bridge.store import StoreError, theirs
from bridge.store import held as holding
from bridge.store.sessions import Sessions
from hal import durable
from hal.contract import WALLBOX_FILE
from hal.visible import visible

_MEMORY = Path("/dev/shm")  # what holds a password is best never written to a disk that is not its place
_LIST_IT = "`evse-bridge sessions --undelivered` lists, `--resend ID` sends one"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: the file, on which box, and what the owner has said. `sure`: asks a refusal of the
    owner who has not answered it yet."""

    content: Content
    folders: Folders
    places: Places
    answers: Answers
    sure: Callable[[Refusal], bool]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it: lines for the owner, and whether the box can be started."""

    lines: tuple[str, ...]
    can_start: bool


def opened(file: Path, passphrase: sealed_file.Passphrase) -> Content:
    """Reads a backup. Raises CommandError that says what is wrong with it."""
    if file.name.endswith(UNFINISHED):
        raise BackupError(f"{file}: a backup that was not finished; make it again")
    try:
        sealed = durable.read(file, sealed_file.MOST_BYTES)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    try:
        content = decode(sealed_file.unseal(sealed, passphrase))
        _require_named(content)
    except BackupError as error:
        raise BackupError(f"{file}: {error}") from None
    except ValueError as error:
        raise BackupError(f"{file}: its content is not that of a backup: {error}") from None
    return content


def require_allowed(asked: Asked) -> None:
    """Raises BackupError with all that speaks against it and that nobody has answered."""
    standing = [
        each for each in refusals(asked.content.origin, _here(asked), asked.answers)
        if not (each.option and asked.sure(each))
    ]  # fmt: skip
    if standing:
        raise BackupError("\n".join(_with_option(each) for each in standing))


def restore(asked: Asked, disk: Disk) -> Report:
    """Restores it on a box whose programs are stopped. Raises CommandError: the box is as it was."""
    content, places = asked.content, asked.places
    try:
        with _private_folder() as folder:
            made, doubts = _usable(asked, folder)
    except OSError as error:
        raise BackupError(f"{refused(error, 'TMPDIR')}; the box is as it was") from None
    if made is not None:
        content = msgspec.structs.replace(content, database=made.database)
    try:
        for path, owner in places.folders.items():
            disk.make_folder(path, owner)
        placed = [
            each for each in places.placed(content) if each.content is not None or _is_there(each.target)
        ]
        for each in placed:
            disk.make_folder(each.target.parent, Owner(mode=0o755))
        kept = _keep(disk, places, placed)
        why = f"a restore of {_whose(content)} has not ended: run `evse-bridge restore --finish`"
        restoring.restore(disk, places.box, placed, why)
    except OSError as error:
        state = "restore --finish completes it" if _is_there(places.box.journal) else "the box is as it was"
        raise BackupError(f"{refused(error, '--state-dir')}; {state}") from None
    return Report(tuple(_lines(content, made, kept, doubts)), can_start=not doubts)


def finish(places: Places, disk: Disk) -> str:
    """Ends an interrupted restore. Raises BackupError."""
    try:
        ended = restoring.finish(disk, places.box)
    except OSError as error:
        raise refused(error, "--state-dir") from None
    said = {
        True: "the interrupted restore is complete",
        False: "the interrupted restore is taken back: the box is as it was before",
        None: "no restore was interrupted",
    }
    return said[ended]


def _require_named(content: Content) -> None:
    """Demands both files of the configuration, and besides only what they name. Raises ValueError."""
    both = {WALLBOX_FILE, settings.FILE_NAME}
    if missing := both - content.configuration.keys():
        raise ValueError(f"{', '.join(sorted(missing))} is missing")
    named = set(named_files(content.configuration[settings.FILE_NAME]))
    if strange := content.configuration.keys() - both - named:
        raise ValueError(f"{sorted(strange)[0]!r} is named by no configuration file")


def _here(asked: Asked) -> Here:
    origin, held = asked.content.origin, holding.read(asked.places.of_bridge)
    interrupted = held is not None and held.kind == "restoring"
    before = held.before if held is not None and interrupted else held
    return Here(
        mock=asked.folders.mock,
        same_machine=Machine(origin.machine_id, origin.machine_serial).is_same(this_machine()),
        moved=before.move if before is not None else None,
        sessions=_sessions(asked.places.database),
        restoring=_is_there(asked.places.box.journal),
    )


def _sessions(database: Path) -> int | None:
    """Counts the box's own; None: they cannot be read, which is no proof that there are none."""
    if not _is_there(database):
        return 0
    try:
        with closing(Sessions.open(database)) as store:
            return len(store.rows(limit=-1))
    except StoreError:
        return None


def _usable(asked: Asked, folder: Path) -> tuple[Ready | None, list[str]]:
    """Checks store and configuration in a folder of ours. Returns doubts about the configuration."""
    content = asked.content
    made = None
    if content.database is not None:
        made = ready(content.database, folder, _uncertain(content, asked.answers))
    for name, file in content.configuration.items():
        (folder / "config" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "config" / name).write_bytes(file)
    try:
        config_files.check(folder / "config", mock=asked.folders.mock)
    except CommandError as error:
        return made, [
            line.replace(f"{folder}/config", str(asked.places.config)) for line in str(error).splitlines()
        ]
    return made, []


def _uncertain(content: Content, answers: Answers) -> str:
    if content.origin.move or answers.nothing_sent_since:
        return ""
    return f"restored from the backup of {content.origin.made_at}: the box may have sent it since then"


def _keep(disk: Disk, places: Places, placed: list[restoring.Placed]) -> Path | None:
    """Copies what stands in their places, for root's or the owner's eyes; None: there was nothing."""
    there = [path for each in placed for path in (each.target, *each.sidecars) if _is_there(path)]
    if not there:
        return None
    now = datetime.now(UTC)
    kept = places.state / f"before-restore-{now:%Y%m%dT%H%M%S}-{os.urandom(2).hex()}"
    disk.make_folder(kept, Owner(mode=0o700))
    for path in there:
        of_config = path.is_relative_to(places.config)
        read = durable.read if of_config else theirs.read
        copy = kept / (path.relative_to(places.config) if of_config else path.name)
        disk.make_folder(copy.parent, Owner(mode=0o700))
        disk.write(copy, read(path, sealed_file.MOST_BYTES))
    return kept


def _lines(content: Content, made: Ready | None, kept: Path | None, doubts: list[str]) -> Iterator[str]:
    sessions = "no store" if made is None else f"{made.sessions} sessions"
    files = ", ".join(sorted(content.configuration))
    yield f"restored {_whose(content)}: {sessions}, {files}"
    if kept is not None:
        yield f"what was here before is kept in {kept}"
    if made is not None and made.uncertain:
        numbers = ", ".join(map(str, made.uncertain))
        yield (
            f"not delivered when the backup was made, perhaps since then: session {numbers}. They are not "
            f"sent by themselves: look whether the Central System has them; {_LIST_IT}"
        )
    for path in content.outside:
        if not _is_there(Path(path)):
            named = visible(path)
            yield f"{named}: the configuration names it; only files of its folder are restored: copy it"
    for doubt in doubts:
        yield f"to be corrected before a start: {doubt}"


def _whose(content: Content) -> str:
    return f"{visible(content.origin.charge_point_id)!r} of {visible(content.origin.made_at)}"


def _with_option(refusal: Refusal) -> str:
    return f"{refusal}; if that is so, say {refusal.option}" if refusal.option else str(refusal)


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


@contextmanager
def _private_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="evse-", dir=_MEMORY if _MEMORY.is_dir() else None) as made:
        yield Path(made)
