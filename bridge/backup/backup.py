"""`evse-bridge backup FILE`: a whole file or none. `--move` holds this box before the file counts."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bridge.backup import restoring, sealed_file
from bridge.backup.content import UNFINISHED, Content, decode, encode
from bridge.backup.disk import Disk
from bridge.backup.errors import BackupError, refused
from bridge.backup.gathering import CopyOfStore, gathered
from bridge.backup.places import Places
from bridge.folders import CommandError
from bridge.store import held as holding
from bridge.store.held import Held
from hal import durable


def back_up(places: Places, file: Path, passphrase: sealed_file.Passphrase, copy: CopyOfStore | None) -> str:
    """Backs up a box that goes on. `copy`: as `gathered`. Raises CommandError, without a file."""
    _require_free_place(file)
    _require_no_restore(places)
    content = gathered(places, copy)
    disk = Disk()
    with _part(disk, file, content, passphrase) as part:
        disk.rename(part, file)
    return _said(content, file)


def move(places: Places, file: Path, passphrase: sealed_file.Passphrase, disk: Disk) -> str:
    """Backs up a box whose programs are stopped, and holds it: durable before the file has its name.

    On a box that was moved before it makes the same backup again. Raises CommandError: no file, not moved;
    or moved, and this is to be called again.
    """
    _require_free_place(file)
    _require_no_restore(places)
    before = holding.read(places.of_bridge)
    held = before or Held(kind="moved", why=_moved_words(file), move=uuid.uuid4().hex)
    content = gathered(places, None, move=held.move)
    with _part(disk, file, content, passphrase) as part:
        restoring.hold(disk, places.box, held)
        try:
            disk.rename(part, file)
        except OSError as error:
            raise BackupError(
                f"{refused(error, 'FILE')}; this box is held as moved away already: run `evse-bridge backup "
                "--move` again, and restore its file here to take the move back"
            ) from None
    return f"{_said(content, file)}\nthis box is moved away: it sends nothing any more"


def _moved_words(file: Path) -> str:
    return (
        f"this box was moved away on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by `evse-bridge backup --move "
        f"{file}`: another box speaks in its name, this one must not. If none does, restore that file here"
    )


def _said(content: Content, file: Path) -> str:
    return f"{file}: written; it holds {', '.join(sorted(content.configuration))}, {_state(content)}"


def _state(content: Content) -> str:
    parts = {
        "all sessions and messages": content.database,
        "contactor counters and faults": content.safety_state,
        "the count of energy": content.meter,
    }
    return ", ".join(name for name, part in parts.items() if part is not None) or "no state"


def _require_free_place(file: Path) -> None:
    if os.path.lexists(file):
        raise BackupError(f"{file}: exists already and stays as it is; name another file")


def _require_no_restore(places: Places) -> None:
    held = holding.read(places.of_bridge)
    if held is not None and held.kind != "moved":
        raise BackupError(held.why)


@contextlib.contextmanager
def _part(disk: Disk, file: Path, content: Content, passphrase: sealed_file.Passphrase) -> Iterator[Path]:
    """Writes the file under another name and reads it again; it is removed when what follows fails."""
    part = file.with_name(file.name + UNFINISHED)
    sealed = sealed_file.seal(encode(content), passphrase)
    try:
        disk.write(part, sealed)
        if decode(sealed_file.unseal(durable.read(part, sealed_file.MOST_BYTES), passphrase)) != content:
            raise BackupError(f"{part}: what was written cannot be read back: use another disk")
        yield part
    except (OSError, CommandError) as error:
        with contextlib.suppress(OSError):
            disk.remove(part)
        if isinstance(error, OSError):
            raise refused(error, "FILE") from None
        raise
