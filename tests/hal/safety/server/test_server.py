"""The socket: who may say what, what is relayed, and how little a bad peer can do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.contract import (
    LINE_LIMIT,
    SOCKET_NAME,
    Answer,
    Card,
    HouseReading,
    InstrumentBox,
    Message,
    Reading,
    Role,
    Temperatures,
    encode,
)
from hal.safety.journal import Journal
from hal.safety.server.server import Server, SocketTakenError
from tests.hal.safety.peers import Peer, hello, of, wish
from tests.hal.safety.server.box import BOX, NOW_S


def reading(at_s: float) -> Reading:
    return Reading(
        at_s=at_s, energy_wh=1, power_w=0.0, current_a=(0.0, 0.0, 0.0), voltage_v=(230.0, 230.0, 230.0)
    )


@pytest.fixture
def peers(runtime_dir: Path, server: Server) -> Iterator[dict[Role, Peer]]:
    """A bridge, the instruments and an observer, all welcomed."""
    roles: tuple[Role, ...] = ("bridge", "instruments", "observer")
    peers = {role: hello(runtime_dir, role) for role in roles}
    server.serve(NOW_S)
    yield peers
    for peer in peers.values():
        peer.close()


def test_everybody_is_told_the_box_once(server: Server, peers: dict[Role, Peer]) -> None:
    server.serve(NOW_S)
    assert [peer.heard() for peer in peers.values()] == [[BOX]] * 3


def test_takes_the_newest_wish_of_the_bridge(server: Server, peers: dict[Role, Peer]) -> None:
    for seq in (1, 2, 3):
        peers["bridge"].say(wish(16.0, seq=seq, valid_until_s=NOW_S + 15))
    server.serve(NOW_S)
    assert server.wish == wish(16.0, seq=3, valid_until_s=NOW_S + 15)
    assert server.dropped == 0


def test_a_wish_never_lives_longer_than_a_minute(server: Server, peers: dict[Role, Peer]) -> None:
    peers["bridge"].say(wish(16.0, seq=1, valid_until_s=1e300))
    server.serve(NOW_S)
    assert server.wish is not None
    assert server.wish.valid_until_s == NOW_S + 60


def test_a_wish_outlives_the_connection_until_it_lapses(server: Server, peers: dict[Role, Peer]) -> None:
    peers["bridge"].say(wish(16.0, seq=1, valid_until_s=NOW_S + 15))
    peers["bridge"].close()
    server.serve(NOW_S)
    server.serve(NOW_S)
    assert server.wish is not None


@pytest.mark.parametrize("role", ["instruments", "observer"])
def test_drops_a_wish_of_anybody_else(server: Server, peers: dict[Role, Peer], role: Role) -> None:
    peers[role].say(wish(16.0, seq=1, valid_until_s=NOW_S + 15))
    server.serve(NOW_S)
    assert server.wish is None
    assert server.dropped == 1


def test_drops_a_wish_with_an_endless_lamp(server: Server, peers: dict[Role, Peer]) -> None:
    peers["bridge"].say(wish(16.0, seq=1, valid_until_s=NOW_S + 15, lamp="x" * 10_000))
    for _ in range(10):
        server.serve(NOW_S)
    assert server.wish is None
    assert server.dropped == 1


def test_relays_the_instruments_to_all_others(server: Server, peers: dict[Role, Peer]) -> None:
    said: list[Message] = [
        reading(NOW_S),
        HouseReading(at_s=NOW_S, current_a=(1.0, -2.0, 3.0), voltage_v=(230.0, 230.0, 230.0), power_w=460.0),
        Temperatures(at_s=NOW_S, contacts_c=30.0),
        Card(start_id="a", seq=1, at_s=NOW_S, id="04AABBCC"),
        InstrumentBox(meter="m", meter_health="ok", meter_serial="1", reader="r", reader_health="ok"),
    ]
    peers["instruments"].say(*said)
    for _ in range(2):  # of one client four lines are taken at a time
        server.serve(NOW_S)
    assert peers["bridge"].heard() == peers["observer"].heard() == [BOX, *said]
    assert peers["instruments"].heard() == [BOX]


def test_drops_a_reading_of_anybody_else(server: Server, peers: dict[Role, Peer]) -> None:
    peers["bridge"].say(reading(NOW_S))
    server.serve(NOW_S)
    assert server.fresh_reading(NOW_S) is None
    assert of(Reading, peers["observer"].heard()) == []
    assert server.dropped == 1


@pytest.mark.parametrize(("age_s", "fresh"), [(0.0, True), (2.9, True), (3.1, False), (-3.1, False)])
def test_a_stale_reading_is_no_reading(
    server: Server, peers: dict[Role, Peer], age_s: float, fresh: bool
) -> None:
    peers["instruments"].say(reading(NOW_S), Temperatures(at_s=NOW_S, contacts_c=30.0))
    server.serve(NOW_S)
    assert (server.fresh_reading(NOW_S + age_s) is not None) is fresh
    assert (server.fresh_temperatures(NOW_S + age_s) is not None) is fresh


def test_a_second_bridge_is_told_why_not(server: Server, peers: dict[Role, Peer], runtime_dir: Path) -> None:
    second = hello(runtime_dir, "bridge")
    second.say(wish(32.0, seq=9, valid_until_s=NOW_S + 15))
    server.serve(NOW_S)
    server.serve(NOW_S)
    (answer,) = second.heard()
    assert isinstance(answer, Answer)
    assert not answer.ok
    assert "role bridge: another client holds it" in answer.text
    assert second.over
    assert server.wish is None
    second.close()


def test_a_role_is_free_once_its_holder_is_gone(
    server: Server, peers: dict[Role, Peer], runtime_dir: Path
) -> None:
    peers["bridge"].close()
    successor = hello(runtime_dir, "bridge")
    server.serve(NOW_S)
    server.serve(NOW_S)
    assert successor.heard() == [BOX]
    successor.close()


def test_observers_never_fill_the_house(server: Server, runtime_dir: Path) -> None:
    """The oldest goes: who only holds a seat keeps neither the bridge out nor a tool of the owner."""
    observers = [hello(runtime_dir, "observer") for _ in range(30)]
    for _ in range(20):
        server.serve(NOW_S)
    bridge, tool = hello(runtime_dir, "bridge"), hello(runtime_dir, "tool")
    for _ in range(20):
        server.serve(NOW_S)
    assert bridge.heard() == tool.heard() == [BOX]
    for peer in observers:
        peer.heard()
    assert [peer.over for peer in observers] == [True] * 19 + [False] * 11
    for peer in (*observers, bridge, tool):
        peer.close()


def test_a_crowd_that_says_nothing_holds_nobody_up(server: Server, runtime_dir: Path) -> None:
    """As many as the socket's queue takes, before a bridge whose last wish lives for 15 s."""
    silent = [Peer(runtime_dir) for _ in range(120)]
    bridge = hello(runtime_dir, "bridge")
    for tick in range(450):
        server.serve(NOW_S + tick * 0.02)
    assert bridge.heard() == [BOX]
    for peer in (*silent, bridge):
        peer.close()


def test_who_does_not_say_hello_is_dropped_in_time(server: Server, runtime_dir: Path) -> None:
    silent = [Peer(runtime_dir) for _ in range(10)]
    bridge = hello(runtime_dir, "bridge")
    for tick in range(200):
        server.serve(NOW_S + tick * 0.02)
    assert bridge.heard() == [BOX]
    for peer in silent:
        peer.heard()
    assert all(peer.over for peer in silent)
    for peer in (*silent, bridge):
        peer.close()


def test_the_first_line_must_be_a_hello(server: Server, runtime_dir: Path) -> None:
    rude = Peer(runtime_dir)
    rude.say(wish(16.0, seq=1, valid_until_s=NOW_S + 15))
    server.serve(NOW_S)
    rude.heard()
    assert rude.over
    assert server.wish is None
    rude.close()


GARBAGE = [
    b"\n",
    b"hello\n",
    b"{}\n",
    b'{"type":"wish"}\n',
    b'{"type":"wish","limit_a":"16","cable":"auto","lamp":"","valid_until_s":1,"seq":1}\n',
    b'{"type":"wish","limit_a":1e999,"cable":"auto","lamp":"","valid_until_s":1,"seq":1}\n',
    b'{"type":"hello","role":"\xff"}\n',
    b'{"type":"hello","role":"bridge","x":' + b"[" * 50_000 + b"\n",
    b"[" * 60_000 + b"\n",
    b"\x00\x01\x02\n",
]


@pytest.mark.parametrize("raw", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_dropped_and_counted(server: Server, peers: dict[Role, Peer], raw: bytes) -> None:
    assert peers["bridge"].send(raw) == len(raw)
    peers["bridge"].say(wish(16.0, seq=1, valid_until_s=NOW_S + 15))
    for _ in range(40):
        server.serve(NOW_S)
    assert server.dropped == 1
    assert server.wish is not None


def test_an_endless_line_ends_its_connection_only(server: Server, peers: dict[Role, Peer]) -> None:
    for _ in range(40):
        peers["observer"].send(b"x" * 4096)
        server.serve(NOW_S)
    peers["observer"].heard()
    assert peers["observer"].over
    assert server.dropped == 1
    peers["bridge"].say(wish(16.0, seq=1, valid_until_s=NOW_S + 15))
    server.serve(NOW_S)
    assert server.wish is not None


def test_a_line_of_just_the_limit_is_taken(server: Server, peers: dict[Role, Peer]) -> None:
    line = encode(wish(16.0, seq=1, valid_until_s=NOW_S + 15))[:-1]
    peers["bridge"].send(line + b" " * (LINE_LIMIT - len(line)) + b"\n")
    for _ in range(20):
        server.serve(NOW_S)
    assert server.wish is not None


def test_a_flood_gets_a_bounded_share_of_each_tick(server: Server, peers: dict[Role, Peer]) -> None:
    taken = []
    for _ in range(50):
        peers["observer"].send(b"\n" * 200_000)
        before = server.dropped
        server.serve(NOW_S)
        taken.append(server.dropped - before)
    assert max(taken) <= 4
    peers["bridge"].say(wish(16.0, seq=1, valid_until_s=NOW_S + 15))
    server.serve(NOW_S)
    assert server.wish is not None


def test_a_reader_that_stops_reading_is_dropped(server: Server, peers: dict[Role, Peer]) -> None:
    for tick in range(5000):
        peers["instruments"].say(reading(NOW_S + tick))
        server.serve(NOW_S + tick)
        peers["bridge"].heard()
        if server.dropped:
            break
    assert server.dropped == 1
    assert not peers["bridge"].over
    peers["observer"].heard()
    assert peers["observer"].over
    peers["instruments"].heard()
    assert not peers["instruments"].over


def test_many_rude_peers_cost_little_time(server: Server, runtime_dir: Path, peers: dict[Role, Peer]) -> None:
    """Work a tick is bounded in lines and bytes; the clock here only shows that nothing waits."""
    rude = [hello(runtime_dir, "observer") for _ in range(11)]
    server.serve(NOW_S)
    began_s = time.process_time()
    for tick in range(100):
        for peer in rude:
            peer.send(b"[" * 4000 + b"\n")
        server.serve(NOW_S + tick * 0.02)
    assert time.process_time() - began_s < 2.0
    for peer in rude:
        peer.close()


def test_replaces_the_socket_of_a_killed_process(runtime_dir: Path, journal: Journal) -> None:
    killed = Server(runtime_dir, BOX, journal)
    socket_file = runtime_dir / SOCKET_NAME
    socket_file.rename(runtime_dir / "kept")
    killed.close()
    (runtime_dir / "kept").rename(socket_file)  # as SIGKILL leaves it
    server = Server(runtime_dir, BOX, journal)
    bridge = hello(runtime_dir, "bridge")
    server.serve(NOW_S)
    assert bridge.heard() == [BOX]
    bridge.close()
    server.close()
    assert not socket_file.exists()


def test_two_of_us_never_share_a_box(server: Server, runtime_dir: Path, journal: Journal) -> None:
    with pytest.raises(SocketTakenError, match="only one may drive the box"):
        Server(runtime_dir, BOX, journal)
    bridge = hello(runtime_dir, "bridge")
    server.serve(NOW_S)
    server.serve(NOW_S)
    assert bridge.heard() == [BOX]
    bridge.close()
