"""The page and its drawings are as their data; drawings are readable, and show what is simulated."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from tests.docs.drawing import Drawing
from tests.docs.drawings import HEADER, drawings, used_pins
from tests.docs.hardware_page import BELOW, PAGE, page
from tests.docs.netlist import CIRCUITS, value

WIRING = PAGE.with_name("wiring.md").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def test_the_page_is_as_its_data() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.hardware_page"
    assert [drawing.name for drawing in drawings()] == list(BELOW)


@pytest.mark.parametrize("drawing", drawings(), ids=lambda drawing: drawing.name)
def test_each_drawing_is_as_its_data_and_readable(drawing: Drawing) -> None:
    """No wire or part crosses a text or another part; it has a name and a description for who cannot see."""
    file = (CIRCUITS / f"{drawing.name}.svg").read_text(encoding="utf-8")
    assert file == drawing.svg(), "run: python -m tests.docs.hardware_page"
    assert list(drawing.crossings()) == []
    root = ET.fromstring(file)
    named = root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")
    assert named == (drawing.title, drawing.description)
    assert "prefers-color-scheme:dark" in file
    assert len(file) < 10_000


def test_a_wire_through_a_text_or_a_part_is_seen() -> None:
    drawing = Drawing("wrong", "t", "d", 40, 40)
    drawing.text((10, 10), "crossed")
    drawing.wire((12, 5), (12, 15))
    drawing.resistor((20, 20), (20, 30), "R")
    drawing.wire((15, 25), (30, 25))
    drawing.text((38, 5), "outside")
    assert len([line for line in drawing.crossings() if "crossed" in line]) == 2  # 'R' by the wire, too
    assert any("runs through a part" in line for line in drawing.crossings())
    assert any("leaves the drawing" in line for line in drawing.crossings())


def test_values_are_those_of_the_netlists() -> None:
    """And of the page that explains them; an unknown part is no value."""
    assert value("pilot.lib/pilot_source/Rf") == "70 kΩ"
    assert value("pilot.lib/hold_high/Chold") == "100 nF"
    assert value("power_on.cir//Rref") == "5.6 kΩ"
    assert value("contactor.cir//Rdown") == "10 kΩ"
    with pytest.raises(KeyError):
        value("pilot.lib/pilot_source/Rnone")
    with pytest.raises(ValueError, match="no value of a part"):
        value("pilot.lib/cable_and_car/Rc")
    for shown in re.findall(r'class="v">([^<]*[0-9] [kMnpµ]?[ΩF])<', "".join(d.svg() for d in drawings())):
        number = " ".join(shown.split()[-2:])
        assert number in WIRING, f"{shown}: not in docs/wiring.md"


def test_the_two_sides_of_the_peak_hold_have_the_same_parts() -> None:
    for part in ("Rin", "Rattack", "Chold", "Rbleed"):
        assert value(f"pilot.lib/hold_high/{part}") == value(f"pilot.lib/hold_low/{part}")


def test_the_header_has_each_gpio_once() -> None:
    numbers = [pin for pin in HEADER if isinstance(pin, int)]
    assert sorted(numbers) == list(range(28))
    assert len(HEADER) == 40
    assert used_pins().keys() <= set(numbers)
