"""Boxes on a disk, as `run --mock` leaves them, and what a backup of one must bring back."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bridge import config_files, settings
from bridge.backup import sealed_file
from bridge.backup.backup import back_up
from bridge.backup.content import Content
from bridge.backup.disk import Disk, Owner
from bridge.backup.judging import Answers, Refusal
from bridge.backup.places import METER_FILE, Places, places
from bridge.backup.restore import Asked, Report, opened, require_allowed, restore
from bridge.central_system.outbox import start_transaction
from bridge.core.rows import Change, Frozen, Payload
from bridge.folders import Folders
from bridge.store import Database
from hal.contract import STATE_FILE
from tests.bridge.store.story import batch

PASSWORD = "a secret of the box"
PASSPHRASE = sealed_file.Passphrase("correct horse battery", sealed_file.Cost(n=2, r=1, p=1))
CA_FILE = b"-----BEGIN CERTIFICATE-----\nof the house\n"


@dataclass
class Box:
    """One box in a folder of its own, without units."""

    folder: Path

    @property
    def folders(self) -> Folders:
        return Folders(self.folder / "c", self.folder / "d", self.folder / "r", mock=True)

    @property
    def places(self) -> Places:
        return places(self.folders)

    def configure(self, identity: str = "MOCK0001") -> None:
        """Both files, with a password and a file that they name."""
        config_files.init(self.folders.config, mock=True)
        file = self.folders.config / settings.FILE_NAME
        text = file.read_text().replace('"MOCK0001"', f'"{identity}"')
        text = text.replace('#password = ""', f'password = "{PASSWORD}"')
        assert PASSWORD in text
        assert '#public_key = ""' in text
        file.write_text(text.replace('#public_key = ""', 'public_key = "firmware.pem"'))
        (self.folders.config / "firmware.pem").write_bytes(CA_FILE)

    def live(self, batches: int, *, closings: int = 7) -> None:
        """What its programs have stored after so many batches of `story.py`."""
        self.folders.state.mkdir(parents=True, exist_ok=True)
        with closing(Database(self.places.database)) as store:
            for number in range(batches):
                store.apply([as_it_would_be(change, store) for change in batch(number)])
        (self.folders.state / STATE_FILE).write_text(f'{{"closings":{closings}}}')
        (self.folders.state / METER_FILE).write_text(f'{{"offset_wh":{closings}}}')

    def back_up(self, name: str = "backup") -> Path:
        """Makes an ordinary backup, while nothing runs."""
        file = self.folder / name
        back_up(self.places, file, PASSPHRASE, None)
        return file

    def restore(self, file: Path, answers: Answers | None = None, disk: Disk | None = None) -> Report:
        """Restores it here. Raises BackupError."""
        return self.place(opened(file, PASSPHRASE), answers, disk)

    def place(self, content: Content, answers: Answers | None = None, disk: Disk | None = None) -> Report:
        """Restores what was read."""
        asked = Asked(content, self.folders, self.places, answers or Answers(), nobody)
        require_allowed(asked)
        return restore(asked, disk or Disk())

    def files(self) -> dict[str, bytes]:
        """All that lasts, without what a restore has kept and what SQLite leaves."""
        found = {}
        for part in (self.folders.config, self.folders.state):
            for path in sorted(part.rglob("*")):
                name = str(path.relative_to(self.folder))
                if path.is_file() and "before-restore-" not in name and not name.endswith(("-wal", "-shm")):
                    found[name] = path.read_bytes()
        return found


def as_it_would_be(change: Change, store: Database) -> Change:
    """The story freezes anything; a bridge that starts wants messages."""
    if not isinstance(change, Frozen):
        return change
    row = store.row(change.ref.row_id)
    assert row is not None
    values: Payload = {"connectorId": 1, "transactionId": row.transaction_id, "meterValue": []}
    return Frozen(change.ref, start_transaction(row) if change.ref.kind == "start" else values)


def nobody(_: Refusal) -> bool:
    """Answers no question."""
    return False


class PowerCutError(Exception):
    """The machine is off."""


class CutDisk(Disk):
    """Does so many operations; the one after that is cut in the middle."""

    def __init__(self, operations: int) -> None:
        self.left = operations

    def make_folder(self, path: Path, owner: Owner) -> None:
        if not path.is_dir():
            self._count()
        super().make_folder(path, owner)

    def write(self, path: Path, content: bytes, owner: Owner | None = None) -> None:
        try:
            self._count()
        except PowerCutError:
            path.unlink(missing_ok=True)
            path.write_bytes(content[: len(content) // 2])
            raise
        super().write(path, content, owner or Owner())

    def rename(self, path: Path, target: Path) -> None:
        self._count()
        super().rename(path, target)

    def remove(self, path: Path) -> None:
        if os.path.lexists(path):
            self._count()
        super().remove(path)

    def _count(self) -> None:
        if self.left == 0:
            raise PowerCutError
        self.left -= 1


class FullDisk(CutDisk):
    """Does so many operations; then whatever needs room fails."""

    def write(self, path: Path, content: bytes, owner: Owner | None = None) -> None:
        try:
            super().write(path, content, owner)
        except PowerCutError:
            raise OSError(28, "No space left on device", str(path)) from None

    def make_folder(self, path: Path, owner: Owner) -> None:
        try:
            super().make_folder(path, owner)
        except PowerCutError:
            raise OSError(28, "No space left on device", str(path)) from None

    def rename(self, path: Path, target: Path) -> None:
        Disk.rename(self, path, target)

    def remove(self, path: Path) -> None:
        Disk.remove(self, path)
