"""Children of `test_disk.py`: what the writer does on a disk that is full, or a file that it may not write.

`python -m tests.bridge.store.bad_disk full FOLDER`, FOLDER being a disk of its own of few hundred kB;
`python -m tests.bridge.store.bad_disk unwritable FOLDER`. Each ends with 0 if all its assertions hold.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count
from pathlib import Path

from bridge.central_system.effects import Effects
from bridge.core.rows import Change, Remembered, TransactionStarted
from bridge.recorder import Recorder
from bridge.store import StoreError
from bridge.store.writer import Writer
from tests.bridge.store.model import a_row

NOBODY = 65534


def batch(number: int) -> list[Change]:
    return [Remembered(f"{number:06}", "x" * 3000), Remembered("last", str(number))]


async def full(folder: Path) -> None:
    """Until the disk is full: the caller hears it, nothing before it is lost; with space again it goes on."""
    path, ballast = folder / "bridge.sqlite", folder / "ballast"
    writer = await Writer.open(path)
    ballast.write_bytes(b"x" * 100_000)
    failed, complaint = await until_refused(writer)
    assert "database or disk is full; free space on its disk" in complaint, complaint
    assert failed > 3
    expected = {f"{number:06}" for number in range(failed)} | {"last"}
    assert set(writer.remembered()) == expected
    assert writer.remembered()["last"] == str(failed - 1)
    ballast.unlink()
    await writer.apply(batch(failed))
    assert writer.remembered()["last"] == str(failed)
    await writer.close()
    writer = await Writer.open(path)
    assert set(writer.remembered()) == expected | {f"{failed:06}"}
    await writer.close()


async def held(folder: Path) -> None:
    """What rests on no change is said while the disk is full; the rest with space again, in order."""
    ballast = folder / "ballast"
    writer = await Writer.open(folder / "bridge.sqlite")
    ballast.write_bytes(b"x" * 100_000)
    await until_refused(writer)
    recorder, said = Recorder(), list[str]()
    big = Remembered("big", "x" * 60_000)
    recorder.feed(Effects(changes=(TransactionStarted(a_row(1)), big), notes=("first",)))
    recorder.feed(Effects(notes=("at once",)))
    recorder.feed(Effects(changes=(Remembered("a", "b"),), notes=("second",)))
    await write(recorder, writer, said, 0.0)
    assert (said, recorder.recorded, recorder.start_unrecorded) == (["at once"], False, True)
    ballast.unlink()
    for now_s in range(1, 5):
        await write(recorder, writer, said, float(now_s))
    assert (said, recorder.recorded, recorder.start_unrecorded) == (
        ["at once", "first", "second"],
        True,
        False,
    )
    assert (writer.row(1), writer.remembered()["a"]) == (a_row(1), "b")
    await writer.close()


async def write(recorder: Recorder, writer: Writer, said: list[str], now_s: float) -> None:
    """What there is to write at this moment, and to say after it."""
    effects, changes = recorder.drain(now_s)
    if changes:
        if (why := await refusal(writer, list(changes))) is None:
            effects += recorder.stored()
        else:
            recorder.refused(why, now_s)
            effects += recorder.drain(now_s)[0]
    said += [note for each in effects for note in each.notes]


async def until_refused(writer: Writer) -> tuple[int, str]:
    """The number of the first batch that is refused, and how."""
    for number in count():
        complaint = await refusal(writer, batch(number))
        if complaint is not None:
            return number, complaint
    raise AssertionError


async def refusal(writer: Writer, changes: list[Change]) -> str | None:
    try:
        await writer.apply(changes)
    except StoreError as error:
        return str(error)
    return None


async def unwritable(folder: Path) -> None:
    """The file may only be read, its folder written: what it holds can be read, a batch is refused."""
    path = folder / "bridge.sqlite"
    writer = await Writer.open(path)
    await writer.apply([Remembered("a", "b")])
    await writer.close()
    take_rights(path)
    writer = await Writer.open(path)
    complaint = await refusal(writer, [Remembered("a", "c")])
    assert complaint is not None
    assert "make the file, its folder and its disk writable" in complaint, complaint
    assert writer.remembered() == {"a": "b"}
    await writer.close()


def take_rights(path: Path) -> None:
    path.chmod(0o444)
    path.parent.chmod(0o777)
    if os.getuid() == 0:
        os.setuid(NOBODY)


if __name__ == "__main__":
    scene = {"full": full, "held": held, "unwritable": unwritable}[sys.argv[1]]
    asyncio.run(scene(Path(sys.argv[2])))
