"""An update: a day of waiting, what is durable at every step, and events in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.decisions import Decisions
from bridge.core.errand import Done, Failed, Fetch, Install, NotGenuine, Outcome, TooOld, Upload
from bridge.core.maintenance.firmware import STORED, Firmware, Running
from bridge.core.now import Now
from bridge.core.remembered_values import recalled
from bridge.core.rows import Remembered

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW = "0.1.0.0", "0.2.0.0"
VERSION_BAD = (
    '{"update": {"location": "http://x/", "phase": "downloaded", "since": "2026-01-01T00:00:00Z",'
    ' "tries_left": 0, "interval_s": 0, "version": "0.2.p.0"}}'
)


class Run:
    """A program with its store; `kill` makes the next from what was durable."""

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}
        self.s = 0.0
        self.running = Running(OLD)
        self.told: list[str] = []
        self.firmware = Firmware(self.running, {}, Decisions())
        self.begun: list[Fetch | Install] = []
        self.ticket = 0

    @property
    def now(self) -> Now:
        return Now(self.s, BEGAN + timedelta(seconds=self.s))

    def step(self, *, in_transaction: bool = False, online: bool = True) -> None:
        self.firmware.step(self.now, online=online, in_transaction=in_transaction)
        while online and (call := self.firmware.progress.next_call()) is not None:
            self.told.append(call.payload["status"])
            if self.firmware.progress.answered(call.ticket):
                self.firmware.save()
        for change in self.firmware.decisions.changes:
            assert isinstance(change, Remembered)
            if change.value is None:
                self.stored.pop(change.name, None)
            else:
                self.stored[change.name] = change.value
        self.firmware.decisions.changes.clear()
        for errand in self.firmware.decisions.errands:
            self.ticket = errand.ticket
            assert not isinstance(errand.work, Upload)
            if errand.work is not None:
                self.begun.append(errand.work)
        self.firmware.decisions.errands.clear()

    def refuses_starts(self) -> bool:
        return self.firmware.refuses_starts

    def wants_restart(self) -> bool:
        return self.firmware.wants_restart

    def request(self) -> None:
        self.firmware.request("http://x/", self.now.utc, 0, 0)
        self.step()

    def ended(self, outcome: Outcome, *, in_transaction: bool = False) -> None:
        self.firmware.ended(self.ticket, outcome, self.now)
        self.step(in_transaction=in_transaction)

    def kill(self) -> None:
        self.firmware = Firmware(self.running, self.stored, Decisions())


def test_a_day_with_the_same_transaction_ends_the_update() -> None:
    run = Run()
    run.request()
    run.ended(Done(NEW), in_transaction=True)
    assert run.refuses_starts()
    run.s = 24 * 3600 - 1
    run.step(in_transaction=True)
    assert run.told == ["Downloading", "Downloaded"]
    run.kill()  # the day is counted over restarts
    assert run.refuses_starts()
    run.s += 1
    run.step(in_transaction=True)
    assert run.told == ["Downloading", "Downloaded", "InstallationFailed"]
    assert not run.refuses_starts()
    run.step()
    assert (run.begun, run.stored.get(STORED)) == ([Fetch("http://x/", OLD)], None)


def test_a_killed_program_that_waited_installs_afterwards() -> None:
    run = Run()
    run.request()
    run.ended(Done(NEW), in_transaction=True)
    run.kill()
    run.step()
    assert run.begun[-1] == Install(NEW)


def test_what_an_ended_errand_says_counts_for_nothing() -> None:
    run = Run()
    run.request()
    stale = run.ticket
    run.request()
    run.firmware.ended(stale, Done(NEW), run.now)
    run.step()
    assert run.told == ["Downloading", "Downloading"]


def test_no_starts_are_refused_while_the_new_version_waits_to_be_accepted() -> None:
    run = Run()
    run.request()
    run.ended(Done(NEW))
    run.ended(Done())
    assert run.wants_restart()
    run.running = Running(NEW)
    run.kill()
    run.step(online=False)
    assert not run.refuses_starts()
    assert not run.wants_restart()
    run.step()
    assert run.told == ["Downloading", "Downloaded", "Installing", "Installed"]


def test_what_another_version_stored_is_forgotten() -> None:
    for text in ("", "null", "{}", '{"update": {"phase": "dreaming"}}', VERSION_BAD):
        assert recalled({STORED: text}).remembered in ({}, {STORED: "{}"})
    assert recalled({STORED: VERSION_BAD.replace("0.2.p.0", NEW)}).remembered


def test_an_older_version_is_not_installed_and_the_log_says_what_to_do() -> None:
    run = Run()
    run.running = Running("0.10.0.0")
    run.kill()
    run.request()
    run.ended(TooOld("0.9.9.9"))
    assert run.told == ["Downloading", "InstallationFailed"]
    (note,) = run.firmware.decisions.notes
    for said in ("0.9.9.9", "0.10.0.0", "firmware.allow_older = true"):
        assert said in note
    assert (run.begun, run.stored.get(STORED)) == ([Fetch("http://x/", "0.10.0.0")], None)


def test_the_owner_allows_an_older_version() -> None:
    run = Run()
    run.running = Running("0.10.0.0", allows_older=True)
    run.kill()
    run.request()
    assert run.begun == [Fetch("http://x/")]
    run.ended(Done("0.9.9.9"))
    assert run.begun[-1] == Install("0.9.9.9")


@pytest.mark.parametrize("allows_older", [False, True])
def test_what_waited_when_the_program_was_killed_is_judged_by_the_one_that_starts(allows_older: bool) -> None:
    """Meanwhile the owner has installed a newer one by hand, or taken the permission back."""
    run = Run()
    run.running = Running("0.1.0.0", allows_older=True)
    run.kill()
    run.request()
    run.ended(Done(NEW), in_transaction=True)
    run.running = Running("0.3.0.0", allows_older)
    run.kill()
    run.step(in_transaction=True)
    assert run.refuses_starts() == allows_older
    run.step()
    ends = ["Installing"] if allows_older else ["InstallationFailed"]
    assert run.told == ["Downloading", "Downloaded", *ends]
    assert (Install(NEW) in run.begun) == allows_older


EVENTS = st.lists(
    st.sampled_from(
        "request,done,failed,not genuine,kill,transaction,no transaction,offline,time".split(",")
    ),
    max_size=30,
)


@given(EVENTS)
def test_whatever_happens_nothing_is_installed_in_a_transaction_or_unfetched(events: list[str]) -> None:
    run, in_transaction, online = Run(), False, True
    outcomes: dict[str, Outcome] = {"done": Done(NEW), "failed": Failed(""), "not genuine": NotGenuine("")}
    for event in events:
        before = len(run.begun)
        match event:
            case "request" if run.firmware.status != "Installing":
                run.firmware.request("http://x/", run.now.utc, 1, 5)
            case "kill":
                run.kill()
            case "transaction" | "no transaction":
                in_transaction = event == "transaction" and not run.refuses_starts()
            case "offline":
                online = not online
            case "time":
                run.s += 7200
            case _ if event in outcomes:
                run.firmware.ended(run.ticket, outcomes[event], run.now)
        run.step(in_transaction=in_transaction, online=online)
        for work in run.begun[before:]:
            assert not (isinstance(work, Install) and in_transaction)
    installs = [work for work in run.begun if isinstance(work, Install)]
    fetches = [work for work in run.begun if isinstance(work, Fetch)]
    assert len(installs) <= len(fetches)
    assert "Installed" not in run.told  # nothing here ever brought the new version
