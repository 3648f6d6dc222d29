"""The page says what the tables say, and the tables say something of every fault."""

from __future__ import annotations

import pytest

from bridge.core.reporting.faults import report
from bridge.core.transaction.stop import ENDING, ENDING_IN_TIME
from hal.core.faults.table import KINDS
from hal.mock.plant.fault_names import BOARD, FAULTS, WIRES
from tests.docs.faults_page import ELSEWHERE, PAGE, page

# No code of OCPP 1.6 and no warning bit fits better than "internal", and the doctor says more.
INTERNAL = {"loop_late", "lost_state", "state_not_kept"}


def test_the_page_is_as_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.faults_page"


def test_every_name_that_only_the_drivers_know_has_its_row() -> None:
    assert set(ELSEWHERE) == {*BOARD, *WIRES} - {*FAULTS}


def test_every_fault_has_its_report_or_is_known_to_be_internal() -> None:
    without = {name for name in KINDS if report(name) == report("no such fault")}
    assert without == INTERNAL


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_report_can_be_sent(name: str) -> None:
    """OCPP 1.6 6.47: info of 50 characters, vendorErrorCode of 50."""
    said = report(name)
    assert (said.error_code == "NoError") == (name == "contactor_cycling")  # which is the car's doing
    assert len(said.info or "") <= 50
    assert (said.vendor_error_code or "0").isdecimal()


def test_what_ends_a_transaction_is_a_fault_of_its_class() -> None:
    assert {KINDS[name].severity for name in ENDING} == {"open"}
    assert {KINDS[name].severity for name in ENDING_IN_TIME} == {"derate"}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_row_is_whole(name: str) -> None:
    kind = KINDS[name]
    assert all((kind.noticed, kind.limit, kind.does))
    assert kind.reported_s > 0
    assert kind.severity == "open" or kind.opens_s is None
