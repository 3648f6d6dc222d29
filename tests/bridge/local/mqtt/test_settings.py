"""[mqtt] and [messages] of owner.toml: what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.local.messages.settings import url_fault
from bridge.local.settings import load, new_file
from hal.configuration.file import ConfigError


def faults(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(ConfigError) as failed:
        load(path)
    return str(failed.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "owner.toml"


def test_both_are_off_unless_set(path: Path) -> None:
    path.write_text(new_file())
    settings = load(path)
    assert not settings.mqtt.broker
    assert not settings.messages.on
    assert load(path.with_name("none.toml")) == settings


def test_the_port_follows_from_the_address(path: Path) -> None:
    path.write_text('[mqtt]\nbroker = "mqtts://home.local"\nuser = "box"\npassword_file = "secret"\n')
    settings = load(path)
    assert settings.mqtt.tls
    assert settings.mqtt.address == ("home.local", 8883)
    assert settings.mqtt.password_file == str(path.parent / "secret")
    path.write_text('[mqtt]\nbroker = "mqtt://[fd00::1]:1884"\n')
    assert load(path).mqtt.address == ("fd00::1", 1884)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('broker = "home.local"', "mqtt://HOST or mqtts://HOST"),
        ('broker = "mqtt://u:p@home.local"', "mqtt://HOST or mqtts://HOST"),
        ('broker = "mqtt://home.local:99999"', "its port is 1 to 65535"),
        ('topic_prefix = "a/#"', "no + or #"),
        ('topic_prefix = "a/+/b"', "no + or #"),
        ('topic_prefix = "/a"', "no + or #"),
        ('topic_prefix = ""', "no + or #"),
        ('topic_prefix = "homeassistant"', "must differ from mqtt.discovery_prefix"),
        ('password_file = "secret"', "counts only with a user"),
        ('id_tag = "123456789012345678901"', "id_tag"),
        ("command = true", "did you mean commands?"),
        ('language = "fr"', '"de" or "en"'),
    ],
)
def test_what_is_refused_in_mqtt(path: Path, text: str, why: str) -> None:
    assert why in faults(path, f"[mqtt]\n{text}\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mqtt = true", "needs mqtt.broker"),
        ('url = "ftp://host/x"', "http:// or https://"),
        ('url = "https://host/x"\nurl_file = "f"', "there is one hook"),
    ],
)
def test_what_is_refused_in_messages(path: Path, text: str, why: str) -> None:
    assert why in faults(path, f"[messages]\n{text}\n")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https://h:0/",
        "https://h:x/",
        "https://u:p@h/",
        "https://h/ a",
        "https://[",
        "h" * 9999,
    ],
)
def test_what_is_no_address_of_a_hook(url: str) -> None:
    assert url_fault(url)


@pytest.mark.parametrize("url", ["https://h/x?token=1", "http://192.168.1.2:8123/api/webhook/x"])
def test_an_address_of_a_hook(url: str) -> None:
    assert url_fault(url) is None
