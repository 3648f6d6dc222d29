"""A disk whose power can be cut: what was written is noted, and written again elsewhere up to any moment.

What is not synced is lost in any part: a name, or the content of a file whose name is there. Nothing else is
promised by POSIX. What lies in the runtime folder is in memory, and gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.slots.disk import READABLE, Disk, Rights


class QuickDisk(Disk):
    """Syncs nothing: what the machine of the test has in memory is enough."""

    def sync(self, path: Path) -> None:
        path.lstat()

    def sync_all(self, path: Path) -> None:
        path.lstat()


class NearlyFull(QuickDisk):
    """Says that so many bytes are free."""

    def __init__(self, free: int) -> None:
        self._free = free

    def free(self, path: Path) -> int:
        return self._free if path.is_dir() else 0


@dataclass(frozen=True)
class Op:
    """What was done. `place`: what must be synced so that it lasts; None: it syncs, or lasts by itself."""

    name: str
    paths: tuple[Path, ...]
    content: bytes = b""
    rights: Rights = READABLE

    def lasts_by(self, later: Iterable[Op], *, content: bool = False) -> bool:
        if self.name in ("sync", "sync_all", "by_others"):
            return True
        place = self.paths[-1] if content else self.paths[-1].parent
        return any(each.name == "sync_all" or (each.name == "sync" and place in each.paths) for each in later)


class NotedDisk(QuickDisk):
    """Does it, and notes it. Raises OSError at the operation `full_at`, as a full disk does."""

    def __init__(self, full_at: int | None = None) -> None:
        self.ops: list[Op] = []
        self._full_at = full_at

    def _note(self, op: Op) -> None:
        if len(self.ops) == self._full_at:
            self._full_at = None
            raise OSError(28, "No space left on device", str(op.paths[-1]))
        self.ops.append(op)

    def make_folder(self, path: Path, mode: int = 0o755) -> None:
        self._note(Op("make_folder", (path,), rights=Rights(mode)))
        super().make_folder(path, mode)

    def write(self, path: Path, chunks: Iterable[bytes], rights: Rights = READABLE) -> None:
        content = b"".join(chunks)
        self._note(Op("write", (path,), content, rights))
        super().write(path, [content], rights)

    def link(self, path: Path, target: str) -> None:
        self._note(Op("link", (path,), target.encode()))
        super().link(path, target)

    def give_second_name(self, path: Path, new: Path) -> None:
        self._note(Op("give_second_name", (path, new)))
        super().give_second_name(path, new)

    def rename(self, path: Path, new: Path) -> None:
        self._note(Op("rename", (path, new)))
        super().rename(path, new)

    def remove(self, path: Path) -> None:
        self._note(Op("remove", (path,)))
        super().remove(path)

    def remove_folder(self, path: Path) -> None:
        self._note(Op("remove_folder", (path,)))
        super().remove_folder(path)

    def sync(self, path: Path) -> None:
        self._note(Op("sync", (path,)))
        super().sync(path)

    def sync_all(self, path: Path) -> None:
        self._note(Op("sync_all", (path,)))
        super().sync_all(path)

    def by_others(self, path: Path, content: bytes) -> None:
        """A program has written this file, and synced it."""
        self._note(Op("by_others", (path,), content))
        path.write_bytes(content)


Lost = Callable[[int, str], bool]  # of the operation with this number: its "name" or "content"


def written(ops: list[Op], lost: Lost, moved: Callable[[Path], Path | None]) -> None:
    """Writes to where `moved` says (None: to memory) all that lasts, and of the rest what is not lost."""
    for number, op in enumerate(ops):
        places = [moved(path) for path in op.paths]
        paths = [place for place in places if place is not None]
        if len(paths) < len(places) or op.name.startswith("sync"):
            continue
        later = ops[number + 1 :]
        if not op.lasts_by(later) and lost(number, "name"):
            continue
        kept = op.name != "write" or op.lasts_by(later, content=True) or not lost(number, "content")
        with suppress(OSError):  # it goes with what was lost before it
            _do(op, paths, op.content if kept else b"")


def _do(op: Op, paths: list[Path], content: bytes) -> None:
    disk = QuickDisk()
    match op.name:
        case "make_folder":
            disk.make_folder(paths[0], op.rights.mode)
        case "write":
            disk.write(paths[0], [content], op.rights)
        case "link":
            disk.link(paths[0], content.decode())
        case "give_second_name":
            disk.give_second_name(paths[0], paths[1])
        case "rename":
            disk.rename(paths[0], paths[1])
        case "remove":
            disk.remove(paths[0])
        case "remove_folder":
            disk.remove_folder(paths[0])
        case "by_others":
            paths[0].write_bytes(content)
        case other:
            raise AssertionError(other)


def losses(ops: list[Op]) -> Iterator[Lost]:
    """Nothing is lost, all is, each alone is, and all but each."""
    at_risk = [
        (number, what)
        for number, op in enumerate(ops)
        for what in ("name", "content")
        if not (op.lasts_by(ops[number + 1 :], content=what == "content"))
        and (what == "name" or op.name == "write")
    ]
    yield lambda _number, _what: False
    if at_risk:
        yield lambda _number, _what: True
    for one in at_risk if len(at_risk) > 1 else ():
        yield lambda number, what, one=one: (number, what) == one  # type: ignore[misc]
        yield lambda number, what, one=one: (number, what) != one  # type: ignore[misc]
