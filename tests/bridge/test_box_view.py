"""What the wallbox's instruments mean for the error code of the charge point."""

from __future__ import annotations

import pytest

from bridge.core.box_view import READER_GRACE_S, BoxView
from hal.contract import InstrumentBox


@pytest.mark.parametrize(
    ("reader", "health", "error_code"),
    [
        ("rdm6300", "ok", "NoError"),
        ("rdm6300", "/dev/ttyAMA0 cannot be read", "ReaderFailure"),
        (None, "none", "NoError"),  # a box without a reader lacks nothing
    ],
)
def test_a_card_reader_that_fails_is_told_after_the_grace(
    reader: str | None, health: str, error_code: str
) -> None:
    box = BoxView()
    box.take_instruments(
        InstrumentBox(meter="m", meter_health="ok", meter_serial=None, reader=reader, reader_health=health),
        now_s=0.0,
    )
    assert box.error(READER_GRACE_S - 0.1).error_code == "NoError"
    assert box.error(READER_GRACE_S).error_code == error_code
