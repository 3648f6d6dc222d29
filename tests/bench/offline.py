"""A year without a Central System: `python -m tests.bench.offline`.

10,000 sessions and a meter value every two minutes of eight hours a day are stored, then told to nobody in
particular: how much memory that takes, how fast it is, how many bytes a day of charging writes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path

from bridge.central_system.frames import Call, encode
from bridge.central_system.outbox import Outbox, Send
from bridge.core.box_view import Supply
from bridge.core.configuration.configuration import Configuration
from bridge.core.now import Now
from bridge.core.rows import Change, Delivered, MessageRef, SampleTaken, StartConfirmed, TransactionStarted
from bridge.core.zaptec import CLOUD
from bridge.store import Database
from tests.bench.memory import pss_kib
from tests.bridge.store.model import EPOCH, a_row, a_sample, a_stop

SESSIONS = 10_000
SAMPLES_A_YEAR = 365 * 8 * 30
REPLAYED = 5_000
STORED_AT_ONCE = 100  # sessions: each batch waits for the disk
SUPPLY = Supply(3, 230.0, 16.0)


def fill(store: Database, sessions: int, samples: int) -> None:
    """Sessions that have all ended; so many samples together, the same number in each but for the rest."""
    measurands = _configuration().text("MeterValuesSampledData")
    each, rest = divmod(samples, sessions)
    taken = [replace(a_sample(seq), measurands=measurands) for seq in range(each + 1)]
    batch: list[Change] = []
    for row_id in range(1, sessions + 1):
        own = taken[: each + (row_id <= rest)]
        batch += [TransactionStarted(a_row(row_id)), *(SampleTaken(row_id, *one) for one in enumerate(own))]
        batch.append(a_stop(row_id))
        if row_id % STORED_AT_ONCE == 0 or row_id == sessions:
            store.apply(batch)
            batch.clear()


def replay(store: Database) -> Iterator[MessageRef]:
    """Each message as it is delivered, by the outbox and as a frame."""
    outbox = Outbox(store, _configuration(), CLOUD)
    outbox.connected()
    now = Now(0.0, EPOCH + timedelta(days=365))
    while (following := outbox.next(SUPPLY, now)) is not None:
        if not isinstance(following, Send):
            store.apply([following])
            continue
        encode(Call("id", following.action, following.payload))
        ref = following.ref
        start = ref.kind == "start"
        store.apply([StartConfirmed(ref.row_id, ref.row_id, "Accepted", None) if start else Delivered(ref)])
        yield ref


def _configuration() -> Configuration:
    return Configuration(CLOUD, {}, {}, authorization_required=True)


def main() -> int:
    """Prints three lines. Raises AssertionError when the store does not hold what was put into it."""
    with tempfile.TemporaryDirectory(prefix="evse-") as folder, closing(Database(f"{folder}/store")) as store:
        before_kib = pss_kib(_own_pid())
        fill(store, SESSIONS, SAMPLES_A_YEAR)
        assert store.backlog() == 2 * SESSIONS + SAMPLES_A_YEAR
        filled_kib, size = pss_kib(_own_pid()), Path(folder, "store").stat().st_size
        began_s = time.monotonic()
        told = sum(1 for _ in islice(replay(store), REPLAYED))
        rate = told / (time.monotonic() - began_s)
        replayed_kib = pss_kib(_own_pid())
    print(
        f"offline     {SESSIONS} sessions, {SAMPLES_A_YEAR} values: {size / 2**20:.0f} MiB; "
        f"PSS {before_kib / 1024:.1f} MiB before, {filled_kib / 1024:.1f} filled, "
        f"{replayed_kib / 1024:.1f} replaying"
    )
    print(f"replay      {rate:.0f} messages/s, each durable (fsync of this disk included)")
    with tempfile.TemporaryDirectory(prefix="evse-") as folder:
        day = subprocess.check_output([sys.executable, "-m", "tests.bridge.store.a_day", folder], text=True)
    print(f"writes      {int(day.split()[1]) / 1e6:.2f} MB in a day with 8 h of charging, most 3 MB")
    return 0


def _own_pid() -> int:
    return int(Path("/proc/self").resolve().name)


if __name__ == "__main__":
    sys.exit(main())
