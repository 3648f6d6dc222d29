"""What is made of the settings where they leave the choice to the box."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge import parts, settings


def setup(**firmware: object) -> settings.ChargePoint:
    return settings.ChargePoint(
        central_system=settings.CentralSystem(url="ws://localhost:1"),
        charge_point=settings.Nameplate(id="A", serial_number="S"),
        firmware=settings.Firmware(**firmware),  # type: ignore[arg-type]
    )


def test_the_key_is_the_file_s_or_the_one_in_the_usual_place(tmp_path: Path) -> None:
    assert parts.public_key(setup(), tmp_path) is None
    (tmp_path / "firmware.pem").write_text("")
    assert parts.public_key(setup(), tmp_path) == tmp_path / "firmware.pem"
    assert parts.public_key(setup(public_key="mine.pem"), tmp_path) == tmp_path / "mine.pem"


@pytest.mark.parametrize("own", [(), ("/bin/install", "{archive}")])
def test_the_installer_is_the_owner_s_or_the_package_s_where_there_is_a_package(
    tmp_path: Path, own: tuple[str, ...]
) -> None:
    built_in = tmp_path / "request-update"
    assert parts.installer(setup(installer=own), built_in) == own
    (tmp_path / "application").mkdir()
    assert parts.installer(setup(installer=own), built_in) == (own or (str(built_in),))
