"""docs/instruments.md says of each meter what the table and its fixture say."""

from __future__ import annotations

from pathlib import Path

import pytest

from hal.configuration.meter_map import MeterName, model_names
from hal.instruments.meter.model import models
from tests.hal.instruments.meter.fixtures import FIXTURES

DOCS = Path(__file__).parents[4] / "docs" / "instruments.md"


@pytest.mark.parametrize("name", model_names())
def test_the_row_of_each_model(name: MeterName) -> None:
    [row] = [line for line in DOCS.read_text().splitlines() if line.startswith(f"| `{name}` |")]
    _, phases, as_shipped, step, number, checked = [cell.strip() for cell in row.split("|")][2:-1]
    model = models()[name]
    shipped = model.shipped
    assert int(phases) == model.map.phases
    assert as_shipped == f"unit {shipped.unit}, {shipped.baud} 8{shipped.parity}{shipped.stop_bits}"
    assert step == f"{model.map.step_wh} Wh"
    assert number == ("no" if model.map.serial_number is None else "yes")
    assert ("**one source**" in checked) is FIXTURES[name].one_source
