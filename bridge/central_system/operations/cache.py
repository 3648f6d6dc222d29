"""PURE: the authorization cache of OCPP 1.6's Core profile."""

from __future__ import annotations

from bridge.central_system.operations.question import Answer, Question, with_status


def clear_cache(question: Question) -> Answer:
    """OCPP 1.6 5.4. Neither the local list nor transactions are touched; Rejected while it is not in use."""
    cleared = question.charge_point.connector.authorization.cache.clear()
    return with_status("Accepted" if cleared else "Rejected")
