"""What `safe_outputs` does when the kernel refuses the pilot's number."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.mock.line_map import FILE_NAME as LINE_MAP
from hal.mock.line_map import LineMap
from hal.safety.pwm import PERIOD_NS
from hal.safety.safe_outputs import Claims, make_safe, write_claims

TAKES_A_THOUSAND_AT_MOST = "/proc/self/oom_score_adj"  # EINVAL above, as duty_cycle above its period
CONTACTOR = 17


def claim(folder: Path, duty_file: str) -> None:
    """Of lines that take whatever they are told."""
    LineMap.create(folder / LINE_MAP).close()
    claims = Claims(
        line_map=str(folder / LINE_MAP),
        gpio_chip=None,
        low_lines=[CONTACTOR],
        duty_file=duty_file,
        duty_ns=PERIOD_NS,
    )
    write_claims(folder, claims)


def test_a_wave_that_never_had_a_period_is_no_failure(short_folder: Path) -> None:
    claim(short_folder, TAKES_A_THOUSAND_AT_MOST)
    assert make_safe(short_folder).endswith("pilot x1")


def test_any_other_refusal_is_told(short_folder: Path) -> None:
    claim(short_folder, str(short_folder))
    with pytest.raises(IsADirectoryError):
        make_safe(short_folder)
