"""Who may have what done, and when."""

from __future__ import annotations

import asyncio
import time

import pytest

from hal.contract import Answer, Request
from hal.instruments.requests import Requests, Result
from tests.hal.instruments.statuses import status


class Bench:
    """Requests with one deed that takes until it is told to end."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.done: list[str] = []
        self.end = asyncio.Event()
        self.requests = Requests({"probe": self._probe}, self.answers.append)

    async def _probe(self, argument: str) -> Result:
        self.done.append(argument)
        await self.end.wait()
        return Result(True, "heard", {"bytes": 3.0})

    def ask(self, tasks: asyncio.TaskGroup, name: str, do: str = "probe") -> None:
        self.requests.feed(Request(id=name, owner="instruments", do=do, argument=f"of {name}"), tasks)


async def test_an_open_contactor_and_one_at_a_time() -> None:
    bench = Bench()
    bench.requests.feed_status(status(time.monotonic()))
    async with asyncio.TaskGroup() as tasks:
        bench.ask(tasks, "1")
        await asyncio.sleep(0)
        bench.ask(tasks, "2")
        assert bench.answers[-1] == Answer(id="2", ok=False, text="probe: probe is not over yet")
        bench.end.set()
    assert bench.answers[-1] == Answer(id="1", ok=True, text="heard", measured={"bytes": 3.0})
    async with asyncio.TaskGroup() as tasks:
        bench.ask(tasks, "3")
    assert bench.answers[-1].id == "3"
    assert bench.done == ["of 1", "of 3"]


@pytest.mark.parametrize(("at_s", "changed", "why"), [
    (0.0, {"contactor_closed": True}, "refused while the contactor is closed"),
    (0.0, {"contactor_commanded": True}, "refused while the contactor is closed"),
    (-3.5, {}, "not known whether the contactor is open"),
])  # fmt: skip
async def test_not_with_current(at_s: float, changed: dict[str, bool], why: str) -> None:
    bench = Bench()
    bench.requests.feed_status(status(time.monotonic() + at_s, **changed))
    async with asyncio.TaskGroup() as tasks:
        bench.ask(tasks, "1")
    assert [(answer.ok, why in answer.text) for answer in bench.answers] == [(False, True)]
    assert bench.done == []


async def test_nothing_before_a_status() -> None:
    bench = Bench()
    async with asyncio.TaskGroup() as tasks:
        bench.ask(tasks, "1")
    assert "not known whether" in bench.answers[0].text


async def test_what_is_not_known_is_named() -> None:
    bench = Bench()
    bench.requests.feed_status(status(time.monotonic()))
    async with asyncio.TaskGroup() as tasks:
        bench.ask(tasks, "1", do="dance")
    assert bench.answers == [Answer(id="1", ok=False, text="dance: not known; hal.instruments does probe")]
