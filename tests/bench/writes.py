"""What a whole bridge writes in a day with 8 h of charging: `python -m tests.bench.writes`.

Measured of the real process, by /proc/PID/io (proc(5)): what it handed to write calls (wchar, sockets
included), and what it caused to be sent to the disk (write_bytes, in pages of 4096). Half a minute of
charging at one sample a second, one without a car, a start and a stop are measured; the day is 240 samples,
24 h of rest and one session of them. Between two samples the files are synced, as the kernel does by itself
in 120 s: else they would share pages, and the day would look cheaper than it is. Not in it: the journal of
the file system.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.bench.desk import Desk, listening
from tests.bench.whole_box import WholeBox, whole_box
from tests.system.configured import Values
from tests.system.waiting import until
from tests.system.world import CARD

MEASURED_S = 30.0
SYNC_EVERY_S = 0.45  # at least once between two samples
SAMPLES_A_DAY = 8 * 3600 // 120
DAY_S = 86_400
MOST_MB = 3.0
CHARGE_POINT: Values = {"ocpp.keys.MeterValueSampleInterval": 1}


@dataclass(frozen=True, slots=True)
class Written:
    """By one process since its start."""

    handed: int  # wchar
    sent: int  # write_bytes

    def __sub__(self, other: Written) -> Written:
        return Written(self.handed - other.handed, self.sent - other.sent)


def written(pid: int) -> Written:
    """Raises OSError for a process that is gone."""
    lines = (line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    numbers = {name: int(number) for name, number in lines}
    return Written(numbers["wchar"], numbers["write_bytes"])


async def keep_synced(box: WholeBox) -> None:
    """The kernel's own work, in fast motion."""
    while True:
        for file in (box.database, Path(f"{box.database}-wal")):
            with suppress(FileNotFoundError):
                descriptor = os.open(file, os.O_RDONLY)
                await asyncio.to_thread(os.fsync, descriptor)
                os.close(descriptor)
        await asyncio.sleep(SYNC_EVERY_S)


@dataclass(frozen=True, slots=True)
class Parts:
    """Of a day."""

    resting: Written  # in MEASURED_S
    session: Written  # card, start and stop
    charging: Written  # in MEASURED_S
    samples: int  # meanwhile

    def day(self, name: str) -> float:
        """`handed` or `sent`, in MB."""
        resting, session, charging = (
            getattr(part, name) for part in (self.resting, self.session, self.charging)
        )
        sample = (charging - resting) / self.samples
        return float(resting / MEASURED_S * DAY_S + session + sample * SAMPLES_A_DAY) / 1e6


async def measured() -> Parts:
    """The four, of one bridge."""
    async with listening(Desk()) as desk, whole_box(desk, CHARGE_POINT) as box:
        syncing = asyncio.create_task(keep_synced(box))
        pid = box.bridge_pid
        await asyncio.sleep(10.0)  # what a start writes
        marks = [written(pid)]
        await asyncio.sleep(MEASURED_S)
        marks.append(written(pid))
        await box.truth.do("plug-in")
        await box.truth.do("swipe", tag=CARD)
        await until(lambda: len(desk.of("MeterValues")) == 1, "the transaction begins")
        marks.append(written(pid))
        await asyncio.sleep(MEASURED_S)
        marks.append(written(pid))
        samples = len(desk.of("MeterValues")) - 1
        await box.truth.do("swipe", tag=CARD)
        await until(lambda: desk.of("StopTransaction"), "the transaction ends")
        await asyncio.sleep(1.0)
        marks.append(written(pid))
        syncing.cancel()
    resting, start, charging, stop = (after - before for before, after in pairwise(marks))
    session = Written(start.handed + stop.handed, start.sent + stop.sent)
    return Parts(resting, session, charging, samples)


def main() -> int:
    """Prints two lines. 1: it is more than the most."""
    parts = asyncio.run(measured())
    sample = (parts.charging.sent - parts.resting.sent) / parts.samples
    print(
        f"writes      {parts.day('sent'):.2f} MB a day to the disk, most {MOST_MB} MB; "
        f"{parts.day('handed'):.2f} MB handed over by the whole bridge, sockets included"
    )
    print(
        f"            of it {parts.resting.sent} bytes in {MEASURED_S:.0f} s of rest, "
        f"{parts.session.sent} a session, {sample:.0f} a sample ({parts.samples} measured)"
    )
    return int(parts.day("sent") > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
