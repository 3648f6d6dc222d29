"""What the parts of a charge point have decided, collected in the order of deciding."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.core.errand import Errand
from bridge.core.outgoing import Outgoing
from bridge.core.rows import Change


@dataclass(frozen=True, slots=True)
class Decided:
    """Lists what an event led to, in the order in which it is to be carried out."""

    changes: tuple[Change, ...]
    calls: tuple[Outgoing, ...]
    errands: tuple[Errand, ...]
    notes: tuple[str, ...]  # for the log


@dataclass(slots=True)
class Decisions:
    """Collects the decisions of all parts. Changes become durable before calls and errands begin."""

    changes: list[Change] = field(default_factory=list)
    calls: list[Outgoing] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def drain(self) -> Decided:
        """Hands out what was decided since the last time."""
        decided = Decided(tuple(self.changes), tuple(self.calls), tuple(self.errands), tuple(self.notes))
        for collected in (self.changes, self.calls, self.errands, self.notes):
            collected.clear()
        return decided
