"""PURE: why current flows or does not: every row of the table that holds, the one that decides first."""

from __future__ import annotations

from bridge.local.state.state import State
from bridge.local.why.reason import Reason
from bridge.local.why.table import BEGINS, FLOWS, HINDRANCES, Row


def why(state: State) -> tuple[Reason, ...]:
    """Returns at least one reason while no current flows; then the others in the order of the chain."""
    if state.charges:
        return tuple(_reason(row, state) for row in FLOWS if row.holds(state))
    found = tuple(_reason(row, state) for row in HINDRANCES if row.holds(state))
    return found or (_reason(BEGINS, state),)


def _reason(row: Row, state: State) -> Reason:
    return Reason(id=row.id, remedy=row.remedy(state), values=row.values(state), until=row.until(state))
