"""PURE: from what is on the disk to the steps that remain, for a trial, its good end, and the way back.

    rest ──CopyState, KeepConfig, RecordTrial, Mark, WriteConfig, Switch──▶ trial
     ▲                                                                        │ EndTrial, Unmark, Remove...
     │                                                                        ▼
     │                                                                       rest, new version
     └── RestoreState, RestoreConfig, Switch, EndTrial, Unmark: from a trial without proof,
         after a power cut, after a death of ours

Every plan begins with a look at the disk, and every step may be done twice: so after a power cut at any
moment the plan `to_rest`, made anew at the boot, leads to one good version. EndTrial is the one moment of a
decision: before it the old version counts and the database of before, after it what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.core.zaptec import is_older
from deploy.slots.names import COPY, ConfigFile


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial, as trial.json describes it."""

    version: str  # on trial
    before: str  # to which the way leads back
    boot_id: str  # in which it began
    began: str  # date and time, for people
    config: tuple[ConfigFile, ...] = ()  # the configuration files that it changes

    @property
    def versions(self) -> tuple[str, ...]:
        """Returns those that it names."""
        return self.version, self.before


@dataclass(frozen=True, slots=True)
class Wanted:
    """A slot that waits for its trial: the package brought it, or the owner."""

    version: str
    allow_older: bool = False

    @property
    def versions(self) -> tuple[str, ...]:
        """Returns those that it names."""
        return (self.version,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is on the disk."""

    slots: frozenset[str] = frozenset()  # whole versions
    link: str | None = None  # what `current` names, whether or not it is there
    trial: Trial | None = None
    trial_file: bool = False  # something stands there; without `trial` it is not to be read
    copied: bool = False  # the copy of database and state is whole
    wanted: Wanted | None = None
    leftovers: tuple[str, ...] = ()  # names of what is not whole, or no longer

    @property
    def current(self) -> str | None:
        """Returns the version that the units would start; None: they would find nothing."""
        return self.link if self.link in self.slots else None


@dataclass(frozen=True, slots=True)
class Adopt:
    """Makes a slot of what the package brought."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Lets `current` name that version."""

    version: str


@dataclass(frozen=True, slots=True)
class CopyState:
    """Copies the database and the state of `hal`, with what the trial is: the programs are stopped."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class RestoreState:
    """Puts the copy in the database's place, and of `hal` what cannot be read: the programs are stopped."""


@dataclass(frozen=True, slots=True)
class KeepConfig:
    """Gives the configuration files that the trial changes a second name."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class WriteConfig:
    """Writes configuration files as the new version reads them: the programs are stopped."""

    texts: Mapping[ConfigFile, str] = field(hash=False)  # by name


@dataclass(frozen=True, slots=True)
class RestoreConfig:
    """Gives the configuration files of before the trial their names back: the programs are stopped."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class RecordTrial:
    """Writes trial.json: from here on a boot goes back."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class EndTrial:
    """Removes trial.json: what is there now stays."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Lets the bridge know of the trial: no transaction, nothing that going back would lose."""

    version: str


@dataclass(frozen=True, slots=True)
class Unmark:
    """Lets the bridge know that no trial goes on."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Removes the note of what is wanted: it is tried once."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Removes a slot or a folder of ours; in part it is seen by nobody."""

    name: str


Step = (
    Adopt
    | Switch
    | CopyState
    | RestoreState
    | KeepConfig
    | WriteConfig
    | RestoreConfig
    | RecordTrial
    | EndTrial
    | Mark
    | Unmark
    | Forget
    | Remove
)


def to_rest(seen: Seen, package: str) -> tuple[Step, ...]:
    """Returns how to leave one good version that no trial concerns: at a boot, and on the way back.

    `package` is the version that the package brought, whether or not it is a slot.
    """
    cleared = tuple(Remove(name) for name in seen.leftovers)
    if seen.trial is not None and seen.trial.before in seen.slots:
        return (*cleared, *_back(seen, seen.trial))
    undecided: tuple[Step, ...] = (EndTrial(), Unmark()) if seen.trial_file else (Unmark(),)
    return (*cleared, *with_a_version(seen, package), *undecided, Remove(COPY))


def _back(seen: Seen, trial: Trial) -> tuple[Step, ...]:
    restore: tuple[Step, ...] = (RestoreState(),) if seen.copied else ()
    if trial.config:
        restore = (*restore, RestoreConfig(trial))
    failed = (Remove(trial.version),) if trial.version != trial.before else ()
    ends = (Switch(trial.before), EndTrial(), Unmark(), Remove(COPY))
    return (*restore, *_tried(seen, trial), *ends, *failed)


def _tried(seen: Seen, trial: Trial) -> tuple[Step, ...]:
    """Forgets what is wanted, once it is tried: one that takes the power down would do it again."""
    return (Forget(),) if seen.wanted is not None and seen.wanted.version == trial.version else ()


def with_a_version(seen: Seen, package: str) -> tuple[Step, ...]:
    """Returns how to find a version where `current` leads nowhere: the first start, or a damaged disk."""
    if seen.current is not None:
        return ()
    newest = _newest(seen.slots)
    if newest is None or is_older(newest, package):
        return (Adopt(), Switch(package))
    return (Switch(newest),)


def _newest(versions: frozenset[str]) -> str | None:
    found: str | None = None
    for version in versions:
        if found is None or is_older(found, version):
            found = version
    return found


def to_trial(seen: Seen, trial: Trial, texts: Mapping[ConfigFile, str]) -> tuple[Step, ...]:
    """Returns how to begin a trial, from rest and with the programs stopped. `texts`: of `trial.config`.

    Nobody starts the new version before a boot would go back from it, and before the bridge would know. What
    the way back needs is there before a trial is recorded.
    """
    return (
        Remove(COPY),
        CopyState(trial),
        *([KeepConfig(trial)] if trial.config else []),
        RecordTrial(trial),
        *_tried(seen, trial),
        Mark(trial.version),
        *([WriteConfig(texts)] if trial.config else []),
        Switch(trial.version),
    )


def to_keep(seen: Seen) -> tuple[Step, ...]:
    """Returns how to end a trial well. The mark goes last: what the bridge does without it must not be lost
    by a way back."""
    assert seen.trial is not None
    kept = {seen.trial.version, seen.trial.before}
    if seen.wanted is not None:
        kept.add(seen.wanted.version)
    return (EndTrial(), Unmark(), Remove(COPY), *(Remove(name) for name in sorted(seen.slots - kept)))


def may_replace(version: str, running: str, *, allow_older: bool) -> bool:
    """Says whether that version may take the place of the one that runs: an older one has known faults."""
    return allow_older or not is_older(version, running)
