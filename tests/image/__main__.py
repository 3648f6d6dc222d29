"""`make test-image`: boots the image in QEMU, charges, and cuts its power; docs/image.md.

`python -m tests.image IMAGE [--first-boot 10] [--update 10] [--sessions 30] [--deep 5] [--jobs 2]`: IMAGE is
the file that `make image` wrote, with vmlinuz and initrd beside it. Exit code 1: a boot or the ledger was not
good.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import queue
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path

from tests.image import newer, owner, power_cuts
from tests.image.bench import Bench, built
from tests.image.judged import boot_faults
from tests.image.log_writes import copied
from tests.image.machine import BootError, has_qemu
from tests.image.newer import Versions
from tests.image.power_cuts import FIRST, SHALLOW_FIRST, SHALLOW_UPDATE, UPDATE, Cut, Recorded

SHORT = (2, 2, 2)
Work = Callable[[Bench], Iterator[Cut]]


@dataclass(frozen=True, slots=True)
class Cards:
    """The card after its first boot, and the mock's disk."""

    disk: Path
    mock: Path


def main() -> int:
    """2 when there is no image or no QEMU."""
    parser = argparse.ArgumentParser(prog="tests.image")
    parser.add_argument("image", type=Path)
    parser.add_argument("--first-boot", type=int, default=10, help="power cuts in it")
    parser.add_argument("--update", type=int, default=10, help="power cuts in one")
    parser.add_argument("--sessions", type=int, default=30, help="power cuts in sessions")
    parser.add_argument("--deep", type=int, default=5, help="of the first two: how many boot to all services")
    parser.add_argument("--jobs", type=int, default=2, help="machines at the same time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="two cuts of each kind")
    parser.add_argument("--keep", type=Path, help="a new folder for cards and consoles, which stays")
    asked = parser.parse_args()
    if asked.short:
        asked.first_boot, asked.update, asked.sessions = SHORT
    if not has_qemu() or not asked.image.is_file():
        print(
            f"needs {asked.image} (make image) and qemu-system-aarch64: apt install qemu-system-arm",
            file=sys.stderr,
        )
        return 2
    with contextlib.ExitStack() as stack:
        if asked.keep is not None:
            asked.keep.mkdir()
            folder = asked.keep
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evse-image-")))
        try:
            return _played(asked, folder)
        except BootError as error:
            print(error)
            return 1


class Benches:
    """As many as there are jobs. Work waits until one is free, and what it did is printed."""

    def __init__(self, benches: list[Bench], pool: ThreadPoolExecutor) -> None:
        self._free: queue.SimpleQueue[Bench] = queue.SimpleQueue()
        for bench in benches:
            self._free.put(bench)
        self._pool = pool
        self._begun: list[Future[None]] = []
        self.cuts = self.wrong = 0

    def __call__(self, work: Callable[[Bench], Iterator[Cut]]) -> Future[None]:
        """Begins it, as soon as a bench is free."""
        begun = self._pool.submit(self._do, work)
        self._begun.append(begun)
        return begun

    def _do(self, work: Callable[[Bench], Iterator[Cut]]) -> None:
        bench = self._free.get()
        try:
            for cut in work(bench):
                self.wrong += bool(cut.faults)
                print(f"{cut.what}: {'; '.join(cut.faults) or 'good'} ({cut.took_s:.0f} s)", flush=True)
        except BootError as error:
            self.wrong += 1
            print(error, flush=True)
        finally:
            self._free.put(bench)

    def end(self) -> None:
        """Waits for all of it."""
        for begun in self._begun:
            begun.result()


def _played(asked: argparse.Namespace, folder: Path) -> int:
    versions = newer.made(asked.image, folder / "versions")
    with contextlib.ExitStack() as stack:
        benches = [
            stack.enter_context(built(asked.image, versions, folder / f"bench-{number}"))
            for number in range(1, asked.jobs + 1)
        ]
        on_bench = Benches(benches, stack.enter_context(ThreadPoolExecutor(asked.jobs)))
        _campaigns(asked, folder, versions, on_bench)
        on_bench.end()
    cuts = asked.first_boot + asked.update + asked.sessions
    print(f"seed {asked.seed}: {cuts} power cuts, {on_bench.wrong} wrong")
    return 1 if on_bench.wrong else 0


def _campaigns(asked: argparse.Namespace, folder: Path, versions: Versions, on_bench: Benches) -> None:
    """The recordings one after the other, each followed by its cuts; the sessions beside them."""
    draw, cards = random.Random(asked.seed), Cards(folder / "good.img", folder / "good-mock.img")
    records: dict[str, Recorded] = {}

    def first_boot(bench: Bench) -> Iterator[Cut]:
        began_s = time.monotonic()
        report, records["first"] = power_cuts.first_boot(bench)
        copied(bench.card.disk, cards.disk)
        copied(bench.card.mock, cards.mock)
        print(json.dumps(report["slowest"], indent=1), flush=True)
        yield Cut(f"first boot, {report['up_s']:.0f} s of its own", *_judged(boot_faults(report), began_s))

    def update(bench: Bench) -> Iterator[Cut]:
        began_s = time.monotonic()
        bench.takes(cards.disk, cards.mock)
        faults, records["update"] = power_cuts.update(bench, versions)
        yield Cut("session and update", *_judged(faults, began_s))

    def owners_files(bench: Bench) -> Iterator[Cut]:
        began_s = time.monotonic()
        bench.takes(records["first"].before, records["first"].mock)
        yield Cut("the owner's files", *_judged(owner.faults(bench, asked.image), began_s))

    def sessions(bench: Bench) -> Iterator[Cut]:
        bench.takes(cards.disk, cards.mock)
        yield from power_cuts.in_sessions(bench, asked.sessions, random.Random(asked.seed))
        began_s = time.monotonic()
        faults = power_cuts.ledger(bench)
        count = len(bench.outside.system.ledger.transactions)
        yield Cut(f"ledger of {count} transactions", *_judged(faults, began_s))

    on_bench(first_boot).result()
    if "first" not in records:
        return
    on_bench(owners_files)
    recording = on_bench(update) if asked.update else None
    if asked.sessions:
        on_bench(sessions)
    cuts = list(_first_boot_cuts(asked, records["first"], draw))
    if recording is not None:
        recording.result()
    if "update" in records:
        both = zip_longest(cuts, _update_cuts(asked, records["update"], versions, draw))
        cuts = [cut for pair in both for cut in pair if cut is not None]
    for cut in cuts:
        on_bench(cut)


def _first_boot_cuts(asked: argparse.Namespace, recorded: Recorded, draw: random.Random) -> Iterator[Work]:
    for number, drawn in enumerate(recorded.drawn(asked.first_boot, draw)):
        depth = FIRST if number < asked.deep else SHALLOW_FIRST
        yield partial(_alone, partial(power_cuts.in_first_boot, recorded=recorded, drawn=drawn, depth=depth))


def _update_cuts(
    asked: argparse.Namespace, recorded: Recorded, versions: Versions, draw: random.Random
) -> Iterator[Work]:
    for number, drawn in enumerate(recorded.drawn(asked.update, draw)):
        depth = UPDATE if number < asked.deep else SHALLOW_UPDATE
        cut = partial(power_cuts.in_update, recorded=recorded, drawn=drawn, versions=versions, depth=depth)
        yield partial(_alone, cut)


def _alone(cut: Callable[[Bench], Cut], bench: Bench) -> Iterator[Cut]:
    yield cut(bench)


def _judged(faults: Iterable[str], began_s: float) -> tuple[tuple[str, ...], float]:
    return tuple(faults), time.monotonic() - began_s


if __name__ == "__main__":
    sys.exit(main())
