"""What wallbox.toml changes about a make of meter."""

from __future__ import annotations

import pytest

from hal.configuration.meter_map import MeterMap, MeterName, PhaseNumbers, TotalNumber, model_names
from hal.configuration.sections import Meter
from hal.instruments.meter.model import Link, SerialLine, TcpLink, model_of, models, setup_of

PORT = "/dev/ttyUSB0"
OWN = MeterMap(
    fc=3,
    type="float32",
    voltage=PhaseNumbers(l1=0),
    current=PhaseNumbers(l1=2),
    power=TotalNumber(total=4),
    energy=TotalNumber(total=6),
)


@pytest.mark.parametrize("name", model_names())
def test_without_a_word_in_wallbox_toml_a_meter_is_read_as_shipped(name: MeterName) -> None:
    model = models()[name]
    shipped = model.shipped
    setup = setup_of(Meter(model=name, port=PORT), None)
    assert setup.link == SerialLine(PORT, shipped.baud, shipped.parity, shipped.stop_bits)
    assert (setup.unit, setup.map, setup.max_block) == (shipped.unit, model.map, model.max_block)
    assert setup.gap_s == model.gap_ms / 1000


def test_every_setting_can_be_another() -> None:
    meter = Meter(
        model="siemens_pac2200", port=PORT, unit=7, baud=38400, parity="O", stop_bits=1, word_order="little",
        max_block=4, gap_ms=50,
    )  # fmt: skip
    setup = setup_of(meter, None)
    assert (setup.link, setup.unit) == (SerialLine(PORT, 38400, "O", 1), 7)
    assert (setup.map.word_order, setup.max_block, setup.gap_s) == ("little", 4, 0.05)


@pytest.mark.parametrize(("port", "link"), [
    ("tcp://10.0.0.5:1502", TcpLink("10.0.0.5", 1502)),
    ("tcp://meter.local", TcpLink("meter.local", 502)),
    ("tcp://[fd00::5]:502", TcpLink("fd00::5", 502)),
])  # fmt: skip
def test_a_meter_on_the_network(port: str, link: Link) -> None:
    assert setup_of(Meter(model="siemens_pac2200", port=port), None).link == link


@pytest.mark.parametrize("port", [PORT, "tcp://10.0.0.5"])
def test_the_mocks_meter_hangs_on_a_pty_of_8n1(port: str) -> None:
    setup = setup_of(Meter(model="schneider_iem3155", port=port), "/run/meter")
    assert setup.link == SerialLine("/run/meter", 19200, "N", 1)


def test_an_own_map() -> None:
    meter = Meter(model="own", port=PORT, map=OWN)
    setup = setup_of(meter, None)
    assert model_of(meter).map is OWN
    assert (setup.link, setup.unit, setup.map, setup.gap_s) == (SerialLine(PORT, 9600, "N", 1), 1, OWN, 0.0)
