"""charge-point.toml: who the charge point is, and that mock and real never share a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.settings import EXAMPLE_URL, ChargePoint, load, new_file, warnings
from hal.configuration.file import ConfigError

REAL = """\
[central_system]
url = "wss://central.example:8443/ocpp/"
[charge_point]
id = "CP1"
serial_number = "EV123"
"""
MOCK = REAL.replace("EV123", "MOCK7")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "charge-point.toml"


def loaded(path: Path, text: str, *, mock: bool = False) -> ChargePoint:
    path.write_text(text)
    return load(path, mock=mock)


def faults(path: Path, text: str, *, mock: bool = False) -> list[str]:
    with pytest.raises(ConfigError) as failed:
        loaded(path, text, mock=mock)
    return [str(fault) for fault in failed.value.faults]


def test_the_shortest_file_and_its_defaults(path: Path) -> None:
    settings = loaded(path, REAL)
    assert (settings.charge_point.vendor, settings.charge_point.model) == ("Zaptec", "Zaptec Go OCPP")
    assert (settings.zaptec.mode, settings.zaptec.authorization_required) == ("cloud", True)
    assert not settings.central_system.accept_before_registration
    assert settings.reset.hard == "restart"
    assert settings.timing.transaction_time_out_s == 60
    assert not settings.timing.shortened


def test_a_mock_refuses_a_production_configuration(path: Path) -> None:
    (fault,) = faults(path, REAL, mock=True)
    assert fault.startswith(
        'charge-point.toml:5: charge_point.serial_number = "EV123": is that of a real box'
    )


def test_a_real_box_refuses_the_configuration_of_a_mock(path: Path) -> None:
    (fault,) = faults(path, MOCK)
    assert 'serial_number = "MOCK7": is that of a mock box' in fault
    assert loaded(path, MOCK, mock=True).charge_point.serial_number == "MOCK7"


def test_only_a_mock_may_shorten_its_timings(path: Path) -> None:
    timing = "[timing]\ntransaction_time_out_s = 2\n"
    (fault,) = faults(path, REAL + timing)
    assert fault == "charge-point.toml:6: timing: only a mock box may have this section; remove it"
    assert loaded(path, MOCK + timing, mock=True).timing.shortened


def test_back_off_grows(path: Path) -> None:
    (fault,) = faults(path, MOCK + "[timing]\nback_off_first_s = 0.5\nback_off_max_s = 0.1", mock=True)
    assert "timing.back_off_first_s = 0.5: must be at most timing.back_off_max_s = 0.1" in fault


@pytest.mark.parametrize(
    "url",
    [
        "ws://10.0.0.1", "ws://[::1]:9000/a/b", "wss://host.example", "ws://localhost:9000/ocpp",
        "wss://h/devices/{deviceId}", "wss://h/{deviceid}/ocpp",
    ],
)  # fmt: skip
def test_urls_that_are_taken(path: Path, url: str) -> None:
    assert loaded(path, REAL.replace("wss://central.example:8443/ocpp/", url)).central_system.url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://host", "host:9000", "wss://", "wss://user:secret@host/x", "wss://host/x?y=1", "wss://ho st",
        "", "wss://h/{device}", "wss://h/{deviceId", "wss://{deviceId}/x",
    ],
)  # fmt: skip
def test_urls_that_are_refused(path: Path, url: str) -> None:
    (fault,) = faults(path, REAL.replace("wss://central.example:8443/ocpp/", url))
    assert (
        "must be an address in quotes, ws://... or wss://..., without #, ?, blanks, user or password" in fault
    )


@pytest.mark.parametrize("port", ["65536", "99999", "0", "-1", "80a", "1" * 5000])
def test_a_port_that_tcp_does_not_have(path: Path, port: str) -> None:
    (fault,) = faults(path, REAL.replace(":8443", f":{port}"))
    assert fault.startswith("charge-point.toml:2: central_system.url = ")
    assert "port is 1 to 65535" in fault
    (fault,) = faults(path, REAL + f'[firmware]\nsource = "https://host:{port}/x"\n')
    assert fault.startswith("charge-point.toml:7: firmware.source = ")
    assert "port is 1 to 65535" in fault


@pytest.mark.parametrize("url", ["wss://[::1", "wss://[zz]/x", "wss://:80/x"])
def test_a_host_that_cannot_be_one(path: Path, url: str) -> None:
    (fault,) = faults(path, REAL.replace("wss://central.example:8443/ocpp/", url))
    assert "is no address: " in fault


def test_the_last_port_is_one(path: Path) -> None:
    assert ":65535/" in loaded(path, REAL.replace("8443", "65535")).central_system.url


@pytest.mark.parametrize("identity", ["a b", "a/b", "a?b", "a#b", "50%", "Büro", "a:b", "x" * 48])
def test_identities_that_are_taken(path: Path, identity: str) -> None:
    """They are percent-encoded in the address."""
    assert loaded(path, REAL.replace('"CP1"', f'"{identity}"')).charge_point.id == identity


@pytest.mark.parametrize("identity", ["", " a", "a ", ".", "..", "x" * 49])
def test_identities_that_are_refused(path: Path, identity: str) -> None:
    (fault,) = faults(path, REAL.replace('"CP1"', f'"{identity}"'))
    assert f'charge-point.toml:4: charge_point.id = "{identity}"' in fault


def test_first_values_read_as_ocpp_writes_them(path: Path) -> None:
    text = REAL + '[ocpp.keys]\nHeartbeatInterval = 300\nFreeCharging = true\nFreeChargingIdTag = "FREE"\n'
    assert loaded(path, text).ocpp.first_values == {
        "HeartbeatInterval": "300", "FreeCharging": "true", "FreeChargingIdTag": "FREE",
    }  # fmt: skip


def test_first_values_are_checked_against_the_keys(path: Path) -> None:
    text = REAL + '[ocpp.keys]\nHartbeatInterval = 300\nNumberOfConnectors = 2\nMessageTimeout = "soon"\n'
    unknown = "is not a configuration key of this charge point; did you mean HeartbeatInterval?"
    assert faults(path, text) == [
        f"charge-point.toml:7: ocpp.keys.HartbeatInterval = 300: {unknown}",
        "charge-point.toml:8: ocpp.keys.NumberOfConnectors = 2: is read-only",
        'charge-point.toml:9: ocpp.keys.MessageTimeout = "soon": must be a whole number from 10 to 3600',
    ]


def test_a_new_mock_file_is_good_and_a_real_one_asks_for_its_names(path: Path) -> None:
    assert loaded(path, new_file(mock=True), mock=True).charge_point.id == "MOCK0001"
    keys = [fault.split(": ")[1] for fault in faults(path, new_file(mock=False))]
    example = f'central_system.url = "{EXAMPLE_URL}"'
    assert keys == [example, 'charge_point.id = ""', 'charge_point.serial_number = ""']


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ("", False),
        ("[ocpp.keys]\nFreeCharging = true", True),
        ('[ocpp.keys]\nFreeCharging = true\nFreeChargingIdTag = "FREE"', False),
        ('[ocpp.keys]\nfreecharging = "true"', True),
        ("[zaptec]\nauthorization_required = false", True),
        ('[zaptec]\nauthorization_required = false\n[ocpp.keys]\nFreeChargingIdTag = "F"', False),
    ],
)
def test_free_charging_without_a_tag_is_warned_of(path: Path, more: str, warned: bool) -> None:
    said = warnings(loaded(path, REAL + more))
    assert any("FreeChargingIdTag is empty" in warning for warning in said) == warned


def test_an_address_that_ends_with_the_id_is_warned_of(path: Path) -> None:
    (warning,) = warnings(loaded(path, REAL.replace("/ocpp/", "/ocpp/CP1")))
    assert "but the id is added automatically" in warning


PASSWORD = 'password = "0123456789abcdef"\n[charge_point]'


def test_a_password(path: Path) -> None:
    text = REAL.replace("[charge_point]", PASSWORD)
    assert loaded(path, text).central_system.password == "0123456789abcdef"
    assert warnings(loaded(path, text)) == ()


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (f'password = "{"secret" * 7}"', "must be text in quotes"),
        ('password = "sec\\tret"', "must be text in quotes"),
        ('pasword = "secret"', "is no known key; did you mean password?"),
    ],
)
def test_a_password_that_cannot_be_one_is_not_shown(path: Path, written: str, why: str) -> None:
    (fault,) = faults(path, REAL.replace("[charge_point]", f"{written}\n[charge_point]"))
    assert why in fault
    assert "secret" not in fault
    assert "sec\\t" not in fault


def test_the_authorization_key_is_no_first_value(path: Path) -> None:
    (fault,) = faults(path, REAL + '[ocpp.keys]\nauthorizationKey = "00112233445566"\n')
    assert fault == (
        "charge-point.toml:7: ocpp.keys.authorizationKey = (not shown): is given by central_system.password"
    )


def test_a_colon_ends_a_name_in_basic_authentication(path: Path) -> None:
    (fault,) = faults(path, REAL.replace('"CP1"', '"CP:1"').replace("[charge_point]", PASSWORD))
    assert fault.startswith('charge-point.toml:5: charge_point.id = "CP:1": must have no colon with')


@pytest.mark.parametrize(
    ("url", "password", "warned"),
    [
        ("ws://central.example/ocpp", "0123456789abcdef", "goes to central.example unencrypted"),
        ("ws://8.8.4.4:9000/ocpp", "0123456789abcdef", "goes to 8.8.4.4 unencrypted"),
        ("wss://central.example/ocpp", "0123456789abcdef", None),
        ("ws://central.example/ocpp", "", None),
        ("ws://192.168.1.7:9000/ocpp", "0123456789abcdef", None),
        ("ws://[fd00::1]/ocpp", "0123456789abcdef", None),
        ("ws://homeassistant.local:9000", "0123456789abcdef", None),
        ("ws://localhost/ocpp", "0123456789abcdef", None),
        ("wss://central.example/ocpp", "short", "is short: OCPP asks for 16 to 40 characters"),
    ],
)
def test_a_password_on_an_open_way_is_warned_of(
    path: Path, url: str, password: str, warned: str | None
) -> None:
    text = REAL.replace("wss://central.example:8443/ocpp/", url)
    said = warnings(loaded(path, text.replace("[charge_point]", f'password = "{password}"\n[charge_point]')))
    assert len(said) == (warned is not None)
    assert all(str(warned) in warning for warning in said)


def test_a_ca_file_without_tls_is_warned_of(path: Path) -> None:
    text = REAL.replace("wss:", "ws:").replace("[charge_point]", 'ca_file = "ca.pem"\n[charge_point]')
    assert any("ca_file does nothing for a ws:// address" in said for said in warnings(loaded(path, text)))


def test_firmware(path: Path) -> None:
    section = '[firmware]\nsource = "https://x.example/box.tar"\n'
    section += 'public_key = "firmware.pem"\ninstaller = ["/bin/install", "{archive}"]\n'
    assert loaded(path, REAL + section).firmware.installer == ("/bin/install", "{archive}")
    assert not loaded(path, REAL + section).firmware.allow_older
    assert loaded(path, REAL + section + "allow_older = true\n").firmware.allow_older
    (blind,) = faults(path, REAL + section.replace("{archive}", "it"))
    assert "one of its arguments must be {archive}" in blind
    (unsigned,) = faults(path, REAL + section.replace("public_key", "#"))
    assert "needs firmware.public_key" in unsigned
    (shell,) = faults(path, REAL + '[firmware]\ninstaller = "install {archive}"\n')
    assert "a list in square brackets, each text in quotes" in shell
    assert faults(path, REAL + '[firmware]\nsource = "ftp://x.example/box.tar"\n')
