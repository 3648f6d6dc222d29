"""OCPP 1.6 5.14 Reset: from its acceptance until the program ends, or until the restart has failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from bridge.core.now import Now

PATIENCE_S = 10.0  # so long StopTransaction.conf is waited for
RETRY_S = 5.0  # between two attempts: what hinders the first may pass
REST_S = 60.0  # after the last, before an update asks again

RestartKind = Literal["soft", "hard"]


@dataclass(frozen=True, slots=True)
class _Pending:
    kind: RestartKind
    row_id: int | None  # its StopTransaction is waited for
    stopped_s: float | None = None  # when that row was written
    failures: int = 0
    not_before_s: float = 0.0


class Restart:
    """The reset that was accepted. `due`: the program must end, after it has carried out what was decided."""

    def __init__(self) -> None:
        self.due: RestartKind | None = None
        self._pending: _Pending | None = None
        self._rests_until_s = 0.0

    def accept(self, kind: RestartKind, row_id: int | None) -> None:
        """Accepts a restart. `row_id`: of the transaction that ends first."""
        self._pending = _Pending(kind, row_id)

    def ask(self, kind: RestartKind, now: Now) -> None:
        """Asks for a restart that is no Reset: an update wants it, again and again until it is done."""
        if self._pending is None and now.s >= self._rests_until_s:
            self.accept(kind, None)

    def stop_delivered(self, row_id: int) -> None:
        """Ends the waiting: StopTransaction.conf of a row has come."""
        if self._pending is not None and self._pending.row_id == row_id:
            self._pending = replace(self._pending, row_id=None)

    def step(self, now: Now, *, in_transaction: bool) -> None:
        """Looks, after every event and at least each half second, whether it is due."""
        pending = self._pending
        if pending is None or in_transaction or now.s < pending.not_before_s:
            return
        if pending.row_id is not None and pending.stopped_s is None:
            self._pending = pending = replace(pending, stopped_s=now.s)
        waited_s = now.s - pending.stopped_s if pending.stopped_s is not None else PATIENCE_S
        if pending.row_id is None or waited_s >= PATIENCE_S:
            self.due = pending.kind

    def failed(self, retries: int, now: Now) -> bool:
        """Counts a failure to ask for it. OCPP 1.6 9.1 ResetRetries; True: that was the last attempt."""
        pending, self.due = self._pending, None
        if pending is None or pending.failures >= retries:
            self._pending, self._rests_until_s = None, now.s + REST_S
            return True
        failures = pending.failures + 1
        self._pending = replace(pending, row_id=None, failures=failures, not_before_s=now.s + RETRY_S)
        return False
