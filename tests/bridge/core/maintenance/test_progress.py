"""Statuses of an errand: each sent once, in order, and never more than the newest few."""

from __future__ import annotations

from bridge.core.maintenance.progress import MOST_UNREPORTED, Progress


def test_of_statuses_that_nobody_takes_the_newest_few_wait() -> None:
    progress = Progress("FirmwareStatusNotification")
    progress.report("first")
    under_way = progress.next_call()
    for number in range(1000):
        progress.report(f"{number}")
    newest = tuple(f"{number}" for number in range(1001 - MOST_UNREPORTED, 1000))
    assert progress.unreported == ("first", *newest)
    assert under_way is not None
    assert progress.answered(under_way.ticket)
    assert progress.unreported == newest
