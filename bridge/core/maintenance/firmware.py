"""OCPP 1.6 4.5, 5.19: one update, from its request to the report of the new version.

    (none) ─request─▶ scheduled ─time─▶ downloading ─genuine─▶ downloaded ─no transaction─▶ installing
      ▲                   ▲                 │                      │                            │ installed
      │                   └─try left────────┤                      │ a day                      ▼
      └─────────────────────────────────────┴──────────────────────┴────────failed──────── restarting

What is `installing` or `restarting` when a program starts is judged by that program, by its own version, once
the Central System has accepted it. Every step is durable before it is acted upon or reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal, assert_never

import msgspec

from bridge.core.decisions import Decisions
from bridge.core.errand import (
    INTERVAL_MOST_S,
    MOST_RETRIES,
    Done,
    Errand,
    Failed,
    Fetch,
    Install,
    NotGenuine,
    Outcome,
    TooOld,
)
from bridge.core.maintenance.progress import Progress
from bridge.core.now import Now, is_dated
from bridge.core.rows import Remembered
from bridge.core.zaptec import is_older

STORED = "firmware"  # name of the remembered value
LONGEST_WAIT = timedelta(hours=24)  # for the end of a transaction

Phase = Literal["scheduled", "downloading", "downloaded", "installing", "restarting"]


@dataclass(frozen=True, slots=True)
class Update:
    """The update that is in progress."""

    location: str
    phase: Phase
    since: Annotated[datetime, msgspec.Meta(tz=True)]  # scheduled: when the download is to begin
    tries_left: Annotated[int, msgspec.Meta(ge=0, le=MOST_RETRIES)]  # after the present one
    interval_s: Annotated[int, msgspec.Meta(ge=0, le=INTERVAL_MOST_S)]
    failed: bool = False  # a try was made in vain
    # That it brings, in four numbers; known once it is downloaded.
    version: Annotated[str, msgspec.Meta(pattern=r"^(\d{1,9}(\.\d{1,9}){3})?$")] = ""


class Record(msgspec.Struct, frozen=True, rename={"unreported": "untold"}):  # its name in the store
    """The stored part of an update and of its reports."""

    update: Update | None = None
    unreported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Running:
    """The version that runs, and whether the owner lets an older one replace it."""

    version: str
    allows_older: bool = False


class BusyError(Exception):
    """Refuses a request, because an installation cannot be stopped."""


class Firmware:
    """`step` comes after every event."""

    def __init__(self, running: Running, remembered: Mapping[str, str], decisions: Decisions) -> None:
        record = recalled(remembered[STORED]) if STORED in remembered else Record()
        self.progress = Progress("FirmwareStatusNotification", record.unreported)
        self.decisions = decisions
        self._running = running
        self._update = record.update
        self._ticket = 0
        self._judging = self._phase in ("installing", "restarting")
        self._fetching = False

    @property
    def _phase(self) -> Phase | None:
        return self._update.phase if self._update is not None else None

    @property
    def status(self) -> str:
        """Returns the FirmwareStatus of what runs; Idle when nothing does."""
        match self._phase:
            case "downloading":
                return "Downloading"
            case "scheduled" if self._update is not None and self._update.failed:
                return "DownloadFailed"
            case "downloaded":
                return "Downloaded"
            case "installing" | "restarting":
                return "Installing"
            case "scheduled" | None:
                return "Idle"
            case never:
                assert_never(never)

    @property
    def refuses_starts(self) -> bool:
        """Says whether new transactions wait: for the installation, never for its judgement."""
        return self._phase in ("downloaded", "installing", "restarting") and not self._judging

    @property
    def wants_restart(self) -> bool:
        """Says whether the installer is done and the new version has to start."""
        return self._phase == "restarting" and not self._judging

    def request(self, location: str, at: datetime, retries: int, interval_s: int) -> None:
        """Replaces one that is not being installed yet. Raises BusyError."""
        if self._phase in ("installing", "restarting"):
            raise BusyError("a firmware update is being installed")
        if self._phase == "downloading":
            self._ticket += 1
            self.decisions.errands.append(Errand("firmware", self._ticket, None))
        self._become(Update(location, "scheduled", at, retries, interval_s))

    def refuse(self) -> None:
        """Reports DownloadFailed: there is nowhere to download from."""
        self._report("DownloadFailed")

    def step(self, now: Now, *, online: bool, in_transaction: bool) -> None:
        """Follows what time, the link and the end of a transaction bring about."""
        update = self._update
        if update is None:
            return
        match update.phase:
            case "scheduled":
                if now.utc >= update.since:
                    self._report("Downloading")
                    self._fetch(update, now)
            case "downloading":
                if not self._fetching:  # the program was ended meanwhile
                    self._fetch(update, now)
            case "downloaded":
                self._wait_or_install(update, now, in_transaction=in_transaction)
            case "installing" | "restarting":
                if self._judging and online:
                    genuine = update.version == self._running.version
                    self._finish("Installed" if genuine else "InstallationFailed")
            case never:
                assert_never(never)

    def _wait_or_install(self, update: Update, now: Now, *, in_transaction: bool) -> None:
        if self._is_too_old(update.version):  # for a program that was started after the download
            self._refuse_older(update.version)
            self._finish("InstallationFailed")
        elif not in_transaction:
            self._report("Installing")
            self._become(replace(update, phase="installing", since=now.utc))
            self._begin(Install(update.version))
        elif now.dated and not is_dated(update.since):
            self._become(replace(update, since=now.utc))
        elif now.utc - update.since >= LONGEST_WAIT:
            self._finish("InstallationFailed")

    def ended(self, ticket: int, outcome: Outcome, now: Now) -> None:
        """Follows the end of an errand; of one that was replaced nothing is reported."""
        update = self._update
        if update is None or ticket != self._ticket:
            return
        self._fetching = False
        if update.phase == "downloading":
            self._fetched(update, outcome, now)
        elif isinstance(outcome, Done):
            self._become(replace(update, phase="restarting", since=now.utc))
        else:
            self._finish("InstallationFailed")

    def _fetched(self, update: Update, outcome: Outcome, now: Now) -> None:
        match outcome:
            case Done(version=version):
                self._report("Downloaded")
                if version == self._running.version:
                    self._finish("Installed")
                else:
                    self._become(replace(update, phase="downloaded", since=now.utc, version=version))
            case TooOld(version=version):
                self._refuse_older(version)
                self._finish("InstallationFailed")
            case NotGenuine():
                self._report("Downloaded")
                self._finish("InstallationFailed")
            case Failed():
                self._report("DownloadFailed")
                self._try_again(update, now)
            case never:
                assert_never(never)

    @property
    def _least(self) -> str:
        """Names the version that runs; empty, for any, if the owner allows an older one: an old archive stays
        signed, with all faults that are known by now."""
        return "" if self._running.allows_older else self._running.version

    def _is_too_old(self, version: str) -> bool:
        return is_older(version, self._least)

    def _refuse_older(self, version: str) -> None:
        self.decisions.notes.append(
            f"firmware {version or 'without a version'} is not installed: {self._running.version}, which "
            "runs, is newer; to allow it all the same, set firmware.allow_older = true in charge-point.toml"
        )

    def _try_again(self, update: Update, now: Now) -> None:
        if update.tries_left == 0:
            self._become(None)
            return
        at = now.at(now.s + update.interval_s)
        self._become(
            replace(update, phase="scheduled", since=at, tries_left=update.tries_left - 1, failed=True)
        )

    def _fetch(self, update: Update, now: Now) -> None:
        self._fetching = True
        self._become(replace(update, phase="downloading", since=now.utc))
        self._begin(Fetch(update.location, self._least))

    def _begin(self, work: Fetch | Install) -> None:
        self._ticket += 1
        self.decisions.errands.append(Errand("firmware", self._ticket, work))

    # What is durable

    def save(self) -> None:
        """Stores the record; called too when a report was answered."""
        record = Record(self._update, self.progress.unreported)
        text = None if record == Record() else msgspec.json.encode(record).decode()
        self.decisions.changes.append(Remembered(STORED, text))

    def _report(self, status: str) -> None:
        self.progress.report(status)
        self.save()

    def _become(self, update: Update | None) -> None:
        self._update = update
        self.save()

    def _finish(self, status: str) -> None:
        self._judging = False
        self.progress.report(status)
        self._become(None)


def recalled(text: str) -> Record:
    """Reads what `save` stored. Raises msgspec.DecodeError for another form or numbers out of bounds."""
    return msgspec.json.decode(text, type=Record)
