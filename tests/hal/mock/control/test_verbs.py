"""Lines to mock.sock, before they reach the box."""

from __future__ import annotations

from typing import get_args

import pytest

from hal.mock.control import verbs

ALL = [*get_args(verbs.Action), *get_args(verbs.Question)]


@pytest.mark.parametrize(("line", "verb"), [
    (b'{"do": "plug-in"}', verbs.PlugIn()),
    (b'{"do": "swipe", "tag": "04AABBCC"}', verbs.Swipe("04AABBCC")),
    (b'{"do": "fault", "name": "diode"}', verbs.Fault("diode")),
    (b'{"do": "car", "phases": 3, "amps": 16}', verbs.Car(3, 16.0)),
    (b'{"do": "car", "amps": 10.5}', verbs.Car(None, 10.5)),
    (b'{"do": "kernel", "policy": "releases"}', verbs.Kernel("releases")),
])  # fmt: skip
def test_verbs(line: bytes, verb: verbs.Verb) -> None:
    assert verbs.parse(line) == verb


@pytest.mark.parametrize(("line", "says"), [
    (b'{"do": "dance"}', "Invalid value 'dance'"),
    (b'{"do": "swipe"}', "missing required field `tag`"),
    (b'{"do": "ready", "now": true}', "unknown field `now`"),
    (b'{"do": "car", "amps": 3}', ">= 6"),
    (b'{"do": "house", "load_a": [1, 2]}', "length 3"),
    (b'{"do": "house", "solar_w": -1}', ">= 0"),
    (b'{"do": "car", "phases": 2}', "Invalid enum value 2"),
    (b'{"tag": "04AABBCC"}', "missing required field `do`"),
    (b'{"do": 7}', "Expected `str`"),
    (b"[]", "Expected `object`"),
    (b"plug-in", "JSON is malformed"),
    (b"", "truncated"),
    (b'{"do": "fault", "name": "\xff"}', "utf-8"),
    (b'{"x": ' + b"[" * 60_000, "recursion"),
])  # fmt: skip
def test_what_is_no_verb_is_named_and_the_verbs_are_listed(line: bytes, says: str) -> None:
    with pytest.raises(verbs.BadLineError) as caught:
        verbs.parse(line)
    assert says.lower() in str(caught.value).lower()
    assert "plug-in, plug-out, ready" in str(caught.value)


def test_the_list_names_every_verb_with_its_fields() -> None:
    expected = [
        verb.__struct_config__.tag
        + (f" ({', '.join(verb.__struct_fields__)})" if verb.__struct_fields__ else "")
        for verb in ALL
    ]
    assert sorted(verbs.LIST.split(", ")) == sorted(", ".join(expected).split(", "))
