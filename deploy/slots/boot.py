"""What a boot does before any program of ours starts: a trial that was not decided ends with the way back."""

from __future__ import annotations

import logging

from deploy.slots import outcome
from deploy.slots.carrying_out import Carrier
from deploy.slots.looking import look
from deploy.slots.steps import Mark, Remove, to_rest
from deploy.slots.trees import TreeError

log = logging.getLogger(__name__)


LEFT = "the box was started again before it had proven itself"


def settle(carrier: Carrier, why: str = LEFT) -> None:
    """Leaves one good version that no trial concerns; none of our programs runs. `why` a trial ends here.

    Raises OSError, TreeError when the disk refuses: the bridge then sees a trial, so that it stores nothing
    that the next way back would lose.
    """
    with carrier.alone():
        seen = look(carrier.places)
        if seen.trial is not None:
            log.warning("%s had not proven itself: back to %s", seen.trial.version, seen.trial.before)
            outcome.note(carrier, outcome.taken_back(seen.trial, why))
        elif seen.trial_file:
            log.error("%s cannot be read: %s stays", carrier.places.trial, seen.link)
        try:
            carrier.carry_out(to_rest(seen, carrier.package))
            carrier.carry_out(tuple(Remove(name) for name in look(carrier.places).leftovers))
        except (OSError, TreeError):
            if look(carrier.places).trial_file:
                carrier.carry_out((Mark(seen.trial.version if seen.trial else carrier.package),))
            raise
