"""What a message on a command topic orders."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.local.mqtt.commands import MOST_BYTES, Answer, Refused, answer, command, commanded
from bridge.local.mqtt.topics import COMMANDS, Topics
from bridge.local.orders import Reply, SetOwnerLimit, StartCharging, StopCharging

TOPICS = Topics("evse-bridge", "MOCK1")


@pytest.mark.parametrize(
    ("name", "payload", "order"),
    [
        ("start", b"04AABBCC", StartCharging("04AABBCC")),
        ("start", b"PRESS", StartCharging("HOME")),
        ("start", b"", StartCharging("HOME")),
        ("stop", b"PRESS", StopCharging()),
        ("limit", b"0", SetOwnerLimit(0.0)),
        ("limit", b"16.0", SetOwnerLimit(16.0)),
        ("limit", b" 6 ", SetOwnerLimit(6.0)),
        ("limit", b"None", SetOwnerLimit(None)),
    ],
)
def test_a_command_is_an_order(name: str, payload: bytes, order: object) -> None:
    assert command(name, payload, "HOME") == order


@pytest.mark.parametrize("payload", [b"", b"3", b"5.9", b"80.1", b"-6", b"nan", b"inf", b"1e999", b"six"])
def test_a_limit_outside_the_rules_is_refused_with_what_is_allowed(payload: bytes) -> None:
    refused = command("limit", payload, "")
    assert isinstance(refused, Refused)
    assert "must be 0 (a pause), 6 to 80 A, or none" in refused.why


def test_a_start_without_a_card_says_what_to_do() -> None:
    refused = command("start", b"PRESS", "")
    assert isinstance(refused, Refused)
    assert "mqtt.id_tag" in refused.why


@given(
    name=st.sampled_from(COMMANDS),
    payload=st.one_of(st.binary(max_size=2 * MOST_BYTES), st.floats().map(lambda value: str(value).encode())),
)
def test_whatever_comes_is_an_order_or_a_refusal(name: str, payload: bytes) -> None:
    match command(name, payload, ""):
        case StartCharging(id_tag=id_tag):
            assert 1 <= len(id_tag) <= 20
            assert id_tag.isprintable()
        case SetOwnerLimit(limit_a=limit_a) if limit_a is not None:
            assert limit_a == 0.0 or 6.0 <= limit_a <= 80.0
            assert math.isfinite(limit_a)
        case Refused(why=why):
            assert why.isprintable()
        case _:
            pass


def test_a_retained_message_gives_no_command() -> None:
    topic = "evse-bridge/MOCK1/set/stop"
    assert commanded(TOPICS, topic, retained=False) == "stop"
    assert commanded(TOPICS, topic, retained=True) is None


@pytest.mark.parametrize(
    "topic", ["evse-bridge/MOCK1/set/clear", "evse-bridge/MOCK1/set/stop/", "other/MOCK1/set/stop", ""]
)
def test_other_topics_give_no_command(topic: str) -> None:
    assert commanded(TOPICS, topic, retained=False) is None


def test_each_command_has_one_answer() -> None:
    assert answer("limit", Refused("why")) == Answer("limit", "Refused", "why")
    assert answer("stop", Reply("Accepted")) == Answer("stop", "Accepted")
    assert answer("stop", Reply(why="it is away")) == Answer("stop", "Rejected", "it is away")


@given(serial=st.text(max_size=40))
def test_no_serial_number_brings_a_wildcard_or_a_level_of_its_own(serial: str) -> None:
    topics = Topics("a/b", serial)
    assert topics.base.count("/") == 2
    assert not set("+#\x00 ") & set(topics.base)
    assert len(topics.client) <= 23
    assert topics.client.isalnum()
    assert topics.client.isascii()
