"""What evse-update.service does: takes what is wanted, waits for the car, tries it, keeps it or goes back.

Nobody is stopped before the new slot is whole. Whatever fails after that ends with the way back; if this
program itself is ended, the unit (ExecStopPost) or the next boot goes back.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bridge.jobs.manifest import SUFFIX
from deploy.slots import bundle, outcome, runtime
from deploy.slots.boot import settle
from deploy.slots.bundle import Fits, Source
from deploy.slots.carrying_out import Carrier
from deploy.slots.looking import look
from deploy.slots.machine import Machine
from deploy.slots.owner import Owner
from deploy.slots.proof import Needs, Patience, Proof, Verdict
from deploy.slots.proof import Seen as Looked
from deploy.slots.refusal import RefusedError
from deploy.slots.steps import Forget, Remove, Seen, Trial, Wanted, may_replace, to_keep, to_trial
from deploy.slots.systemd import PROGRAMS, TARGET, SystemdError
from deploy.slots.trees import TreeError

LOOK_S = 1.0  # between two looks
BRIDGE_WAITS_S = 900.0  # so long a request of the bridge waits for a car: it waits half an hour for us
FIRMWARE = ("firmware",)  # the bridge's folder of archives, in its own folder
BRIDGE = PROGRAMS[-1]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Box:
    """What an update concerns."""

    carrier: Carrier
    machine: Machine
    owner: Owner
    fits: Fits
    patience: Patience = Patience()  # noqa: RUF009 - frozen

    def look(self) -> Seen:
        """Says what is on the disk."""
        return look(self.carrier.places)

    def answer(self, text: str) -> None:
        """Lets whoever asked know, and the log."""
        log.info("%s", text)
        runtime.answer(self.carrier, text)

    def end(self, text: str) -> None:
        """Answers how it ended, and notes it for whoever looks after the next boot."""
        outcome.note(self.carrier, text)
        self.answer(text)


def serve(box: Box) -> None:
    """Carries out all that is asked, one after the other. Raises OSError, TreeError, SystemdError."""
    while True:
        if runtime.asked(box.carrier.places):
            _attempt(box, partial(_from_bridge, box))
        elif (wanted := box.look().wanted) is not None and box.machine.is_active():
            _attempt(box, partial(_wanted, box, wanted))
        else:
            return


def offer(box: Box, archive: Path, *, allow_older: bool) -> str:
    """Makes a slot of the owner's bundle, for `serve` to try; returns its version. Raises RefusedError."""
    source = Source(archive.parent, (), archive.name, archive.name + SUFFIX)
    said = bundle.verified(source, box.owner.public_key, box.fits, box.machine.calendar())
    allowed = allow_older or box.owner.allow_older
    check(box.look(), said.version, allow_older=allowed)
    if not box.machine.is_active():
        raise RefusedError(
            f"the programs do not run: `systemctl start {TARGET}` first; {said.version} could "
            "not prove itself"
        )
    with box.carrier.alone():
        bundle.bring(box.carrier, source, said)
        box.carrier.want(Wanted(said.version, allowed))
    return said.version


def check(seen: Seen, version: str, *, allow_older: bool) -> None:
    """Refuses a version that must not take the place of the present one. Raises RefusedError."""
    if seen.current is None:
        raise RefusedError("this box has no slots: it was not installed from the package")
    if seen.trial_file:
        on_trial = seen.trial.version if seen.trial is not None else "a version"
        raise RefusedError(f"{on_trial} is on trial: wait until it has ended, 5 minutes at most")
    if version == seen.current:
        raise RefusedError(f"{version} is already the current version")
    if not may_replace(version, seen.current, allow_older=allow_older):
        raise RefusedError(
            f"{version} is older than {seen.current}, which runs: faults that were mended since would come "
            "back; to allow it all the same: `evse-bridge update --allow-older`, or firmware.allow_older"
        )


def _attempt(box: Box, work: Callable[[], None]) -> None:
    try:
        work()
    except RefusedError as error:
        box.end(f"refused: {error}")


def _from_bridge(box: Box) -> None:
    source = Source(box.carrier.places.bridge, FIRMWARE)
    said = bundle.verified(source, box.owner.public_key, box.fits, box.machine.calendar())
    check(box.look(), said.version, allow_older=box.owner.allow_older)
    _wait(box, box.machine.now_s() + BRIDGE_WAITS_S)
    with box.carrier.alone():
        bundle.bring(box.carrier, source, said)
    _try_or_remove(box, said.version, box.machine.now_s() + BRIDGE_WAITS_S)


def _wanted(box: Box, wanted: Wanted) -> None:
    try:
        check(box.look(), wanted.version, allow_older=wanted.allow_older)
        if wanted.version not in box.look().slots:
            raise RefusedError(f"{wanted.version} is no longer here: install it again")
        _try_or_remove(box, wanted.version, math.inf)
    finally:  # once, however it ended
        if box.look().wanted == wanted:
            box.carrier.carry_out((Forget(),))


def _try_or_remove(box: Box, version: str, until_s: float) -> None:
    try:
        if fault := box.machine.fault(box.carrier.places.slot(version)):
            raise RefusedError(f"{version} is not tried: {fault}")
        _try(box, version, until_s)
    except RefusedError:
        box.carrier.carry_out((Remove(version),))
        raise


def _try(box: Box, version: str, until_s: float) -> None:
    """Tries a slot, to its good or bad end. Raises RefusedError when a car still charges at `until_s`."""
    before = box.look().current
    assert before is not None
    reached = _stop(box, version, until_s)
    began = f"{box.machine.calendar():%Y-%m-%dT%H:%M:%SZ}"
    try:
        texts = box.machine.migrated(box.carrier.places.slot(version))
        trial = Trial(version, before, box.machine.boot_id(), began, tuple(texts))
        with box.carrier.alone():
            box.carrier.carry_out(to_trial(box.look(), trial, texts))
        box.machine.start(*PROGRAMS)
        verdict = _verdict(box, Needs(version, reached_before=reached, patience=box.patience))
        if not verdict.why:
            _keep(box)
    except (OSError, TreeError, SystemdError) as error:
        verdict = Verdict(str(error))
    if verdict.why:
        go_back(box, verdict.why)
    else:
        box.end(f"installed {version}")


def _stop(box: Box, version: str, until_s: float) -> bool:
    """Stops the programs while nothing charges: the bridge first, so that nothing begins. Says whether the
    Central System answered until then. Raises RefusedError, with the programs running."""
    while True:
        seen = _wait(box, until_s)
        box.answer(f"installing {version}")
        box.machine.stop(BRIDGE)
        if not box.machine.see().charges:
            box.machine.stop(*PROGRAMS)
            return seen.reached
        box.machine.start(BRIDGE)


def _wait(box: Box, until_s: float) -> Looked:
    """Waits for the end of a charging session; returns the last look. Raises RefusedError at `until_s`."""
    said = ""
    while (seen := box.machine.see()).charges:
        if box.machine.now_s() >= until_s:
            raise RefusedError(f"{seen.charges}: ask again when it has ended")
        if seen.charges != said:
            said = seen.charges
            box.answer(f"waiting: {said}")
        box.machine.pause(LOOK_S)
    return seen


def _verdict(box: Box, needs: Needs) -> Verdict:
    """Looks until there is a verdict. Raises SystemdError."""
    proof = Proof(needs, box.machine.now_s())
    while (verdict := proof.feed(box.machine.see(), box.machine.now_s())) is None:
        box.machine.pause(LOOK_S)
    return verdict


def _keep(box: Box) -> None:
    """Keeps the new version. Raises OSError, TreeError while the trial could not be ended."""
    try:
        with box.carrier.alone():
            box.carrier.carry_out(to_keep(box.look()))
    except (OSError, TreeError) as error:
        if box.look().trial_file:
            raise
        log.warning("what is old was not all removed: %s", error)


def go_back(box: Box, why: str) -> None:
    """Lets the version before run again, with its database. Raises OSError, TreeError, SystemdError: the
    programs run all the same, and the bridge sees a trial until a boot has gone back."""
    trial = box.look().trial
    box.machine.stop(*PROGRAMS)
    try:
        settle(box.carrier, why)
    finally:
        box.machine.start(*PROGRAMS)
    box.answer(outcome.taken_back(trial, why))


def pick_up(box: Box, *, ended_well: bool) -> None:
    """Ends what `serve` left behind when it was ended itself. Raises as `go_back`."""
    if box.look().trial_file:
        go_back(box, "the program that watched the trial was ended")
    elif not ended_well:
        settle(box.carrier)
        if box.machine.is_active():
            box.machine.start(*PROGRAMS)
