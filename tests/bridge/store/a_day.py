"""What a day writes: `python -m tests.bridge.store.a_day FOLDER` prints samples and bytes.

Eight hours of charging at the default interval with all measurands of the cloud, online: each sample is
taken, frozen and delivered; beside it the cards and statuses of a day. The clock of the samples is simulated.
"""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bridge.central_system.outbox import Outbox, Send
from bridge.core.configuration import Configuration
from bridge.core.id_tag import IdTagInfo
from bridge.core.metering import Supply
from bridge.core.now import Now
from bridge.core.rows import Delivered, Remembered, SampleTaken, StartConfirmed, TagCached, TransactionStarted
from bridge.core.zaptec import CLOUD
from bridge.store import Database
from tests.bridge.store.model import EPOCH, a_row, a_sample, a_stop

CHARGING_S = 8 * 3600
SUPPLY = Supply(3, 230.0, 16.0)


class Day:
    """A store and the outbox that empties it."""

    def __init__(self, store: Database) -> None:
        self.store = store
        self.configuration = Configuration(CLOUD, {}, {}, authorization_required=True)
        self.outbox = Outbox(store, self.configuration, CLOUD)
        self.outbox.connected()

    def pass_by(self) -> int:
        """Returns how many samples there were."""
        self.store.apply([TagCached("04AABBCC", IdTagInfo("Accepted"), EPOCH)])
        self.store.apply([TransactionStarted(a_row(1)), self._sample(0)])
        self._deliver()
        interval_s = self.configuration.seconds("MeterValueSampleInterval")
        samples = CHARGING_S // interval_s
        for seq in range(1, samples + 1):
            self.store.apply([self._sample(seq)])
            self._deliver()
        self.store.apply([a_stop(1), Remembered("finishing", "")])
        self._deliver()
        self.store.apply([Remembered("finishing", None)])
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


def written() -> int:
    """Bytes that this process has handed to write calls."""
    lines = Path("/proc/self/io").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


def main() -> None:
    with closing(Database(Path(sys.argv[1]) / "bridge.sqlite")) as store:
        before = written()
        samples = Day(store).pass_by()
    print(samples, written() - before)


if __name__ == "__main__":
    main()
