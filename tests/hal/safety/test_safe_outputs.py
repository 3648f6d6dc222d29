"""What `safe_outputs` does when the kernel refuses the pilot's number."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.safety.pwm import PERIOD_NS
from hal.safety.safe_outputs import Claims, make_safe, write_claims

TAKES_A_THOUSAND_AT_MOST = "/proc/self/oom_score_adj"  # EINVAL above, as duty_cycle above its period
CONTACTOR = 17


def claims(duty_file: str) -> Claims:
    return Claims(
        line_map=None, gpio_chip=None, low_lines=[CONTACTOR], duty_file=duty_file, duty_ns=PERIOD_NS
    )


def test_a_wave_that_never_had_a_period_is_no_failure(short_folder: Path) -> None:
    write_claims(short_folder, claims(TAKES_A_THOUSAND_AT_MOST))
    assert make_safe(short_folder).endswith("pilot x1")


def test_any_other_refusal_is_told(short_folder: Path) -> None:
    write_claims(short_folder, claims(str(short_folder)))
    with pytest.raises(IsADirectoryError):
        make_safe(short_folder)
