"""What a day writes: `python -m tests.bridge.store.a_day FOLDER` prints samples, bytes handed to write calls,
and bytes sent to the disk.

Eight hours of charging at the default interval with all measurands of the cloud, online: each sample is
taken, frozen and delivered; beside it the cards and statuses of a day. The clock of the samples is simulated.
Between two samples all is synced, as the kernel does by itself within 120 s: else they would share blocks.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bridge.central_system.outbox import Outbox, Send
from bridge.core.box_view import Supply
from bridge.core.configuration.configuration import Configuration
from bridge.core.id_tag import IdTagInfo
from bridge.core.now import Now
from bridge.core.rows import Delivered, Remembered, SampleTaken, StartConfirmed, TagCached, TransactionStarted
from bridge.core.zaptec import CLOUD
from bridge.store import Database
from tests.bridge.store.model import EPOCH, a_row, a_sample, a_stop

CHARGING_S = 8 * 3600
SUPPLY = Supply(3, 230.0, 16.0)


class Day:
    """A store and the outbox that empties it; `sync` is called between two samples."""

    def __init__(self, store: Database, sync: Callable[[], None]) -> None:
        self.store = store
        self.sync = sync
        self.configuration = Configuration(CLOUD, {}, {}, authorization_required=True)
        self.outbox = Outbox(store, self.configuration, CLOUD)
        self.outbox.connected()

    def pass_by(self) -> int:
        """Returns how many samples there were."""
        self.store.apply([TagCached("04AABBCC", IdTagInfo("Accepted"), EPOCH)])
        self.store.apply([TransactionStarted(a_row(1)), self._sample(0)])
        self._deliver()
        interval_s = self.configuration.whole("MeterValueSampleInterval")
        samples = CHARGING_S // interval_s
        for seq in range(1, samples + 1):
            self.sync()
            self.store.apply([self._sample(seq)])
            self._deliver()
        self.store.apply([a_stop(1), Remembered("finishing", "")])
        self._deliver()
        self.store.apply([Remembered("finishing", None)])
        self.sync()
        return samples

    def _sample(self, seq: int) -> SampleTaken:
        measurands = self.configuration.text("MeterValuesSampledData")
        return SampleTaken(1, seq, replace(a_sample(seq), measurands=measurands))

    def _deliver(self) -> None:
        now = Now(0.0, EPOCH + timedelta(days=1))
        while (following := self.outbox.next(SUPPLY, now)) is not None:
            if not isinstance(following, Send):
                self.store.apply([following])
            elif following.ref.kind == "start":
                self.store.apply([StartConfirmed(1, 70, "Accepted", None)])
            else:
                self.store.apply([Delivered(following.ref)])


@contextmanager
def syncing(folder: Path) -> Iterator[Callable[[], None]]:
    """Gives what syncs all files that are there now. To close one ends SQLite's lock on it: fcntl(2)."""
    files = [os.open(file, os.O_RDONLY) for file in folder.iterdir()]

    def sync() -> None:
        for file in files:
            os.fsync(file)

    yield sync
    for file in files:
        os.close(file)


def written() -> tuple[int, int]:
    """Bytes that this process has handed to write calls, and caused to be sent to the disk: proc(5)."""
    lines = Path("/proc/self/io").read_text("utf-8").splitlines()
    counts = {name: int(count) for name, count in (line.split(": ") for line in lines)}
    return counts["wchar"], counts["write_bytes"]


def main() -> None:
    folder = Path(sys.argv[1])
    with closing(Database(folder / "bridge.sqlite")) as store, syncing(folder) as sync:
        handed, sent = written()
        samples = Day(store, sync).pass_by()
        now_handed, now_sent = written()
    print(samples, now_handed - handed, now_sent - sent)


if __name__ == "__main__":
    main()
