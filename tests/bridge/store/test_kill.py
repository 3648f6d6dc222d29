"""SIGKILL at random moments: what `apply` returned for is there, whole, and at most the next batch."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.store import Database
from tests.bridge.store.story import batch

KILLS = 20
ROOT = Path(__file__).parents[3]


class Dumped(Database):
    def dump(self) -> list[str]:
        return list(self._connection.iterdump())

    def damage(self) -> object:
        return self._connection.execute("PRAGMA integrity_check").fetchone()[0]


@pytest.fixture
def replica() -> Iterator[Dumped]:
    with closing(Dumped(":memory:")) as store:
        yield store


def last_printed(path: Path, after: int, lines: int, extra_s: float) -> int:
    """Runs a child behind batch `after`, kills it some time after its `lines`-th line."""
    command = [sys.executable, "-m", "tests.bridge.store.story", str(path), str(after)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        printed = [child.stdout.readline() for _ in range(lines)]
        time.sleep(extra_s)
        child.kill()
        printed += child.stdout.readlines()
    assert child.returncode < 0, "the child ended by itself"
    return int(printed[-1])


def test_what_was_durable_survives_sigkill(path: Path, replica: Dumped) -> None:
    chance = random.Random(20260417)
    held = -1
    for _ in range(KILLS):
        printed = last_printed(path, held, chance.randint(1, 40), chance.random() * 0.01)
        while held < printed:
            held += 1
            replica.apply(batch(held))
        with closing(Dumped(path)) as store:
            assert store.damage() == "ok"
            if store.dump() != replica.dump():  # durable, but killed before it could say so
                held += 1
                replica.apply(batch(held))
            assert store.dump() == replica.dump()
            assert (store.head(), store.backlog()) == (replica.head(), replica.backlog())
