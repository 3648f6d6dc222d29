"""Requests on the socket: who may ask, what goes to the instruments, which user may be which role."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.contract import Answer, Request, Role
from hal.safety.journal import Journal
from hal.safety.server.owners import UnknownUserError, role_owners
from hal.safety.server.relay import WAITS_S
from hal.safety.server.server import Server
from tests.hal.safety.peers import Peer, hello, of
from tests.hal.safety.server.box import BOX, NOW_S

ME = pwd.getpwuid(os.getuid()).pw_name
SOMEBODY_ELSE = next(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != os.getuid())
PROBE = Request(id="7", owner="instruments", do="serial-probe", argument="all")


class Table:
    """Instruments and two tools, all welcomed; `turn` is a tick that relays what was asked."""

    def __init__(self, runtime_dir: Path, server: Server) -> None:
        self.server = server
        self.instruments, self.tool, self.other = (
            hello(runtime_dir, role) for role in ("instruments", "tool", "tool")
        )
        self.turn(NOW_S)
        for peer in (self.instruments, self.tool, self.other):
            peer.heard()

    def turn(self, now_s: float) -> None:
        self.server.serve(now_s)
        while self.server.asked:
            client, request = self.server.asked.popleft()
            self.server.relay(client, request, now_s)

    def close(self) -> None:
        for peer in (self.instruments, self.tool, self.other):
            peer.close()


@pytest.fixture
def table(runtime_dir: Path, server: Server) -> Iterator[Table]:
    table = Table(runtime_dir, server)
    yield table
    table.close()


def test_a_request_goes_to_the_instruments_and_its_answer_to_who_asked(table: Table) -> None:
    for tool in (table.tool, table.other):
        tool.say(PROBE)  # both call it 7
    table.turn(NOW_S)
    asked = of(Request, table.instruments.heard())
    assert [(request.do, request.argument) for request in asked] == [("serial-probe", "all")] * 2
    assert len({request.id for request in asked}) == 2
    for number, request in enumerate(asked):
        table.instruments.say(Answer(id=request.id, ok=True, text=f"number {number}", measured={"a": 1.0}))
    table.turn(NOW_S)
    assert [peer.heard() for peer in (table.tool, table.other)] == [
        [Answer(id="7", ok=True, text="number 0", measured={"a": 1.0})],
        [Answer(id="7", ok=True, text="number 1", measured={"a": 1.0})],
    ]


def test_without_an_answer_the_tool_is_told_so(table: Table) -> None:
    table.tool.say(PROBE)
    table.turn(NOW_S)
    (request,) = of(Request, table.instruments.heard())
    table.turn(NOW_S + WAITS_S - 0.1)
    assert table.tool.heard() == []
    table.turn(NOW_S + WAITS_S)
    (answer,) = of(Answer, table.tool.heard())
    assert (answer.id, answer.ok) == ("7", False)
    assert answer.text == "serial-probe: hal.instruments gave no answer within 30 s"
    table.instruments.say(Answer(id=request.id, ok=True, text="too late"))
    table.turn(NOW_S + WAITS_S)
    assert table.tool.heard() == []
    assert table.server.dropped == 1


def test_without_instruments_the_tool_is_told_so(table: Table) -> None:
    table.instruments.close()
    table.tool.say(PROBE)
    table.turn(NOW_S)
    table.turn(NOW_S)
    (answer,) = of(Answer, table.tool.heard())
    assert answer.text == "serial-probe: hal.instruments is not connected"


def test_a_tool_that_left_is_forgotten(table: Table) -> None:
    table.tool.say(PROBE)
    table.turn(NOW_S)
    (request,) = of(Request, table.instruments.heard())
    table.tool.close()
    table.turn(NOW_S)
    table.instruments.say(Answer(id=request.id, ok=True, text="nobody listens"))
    table.turn(NOW_S)
    assert not table.instruments.over


def test_a_flood_of_requests_is_answered_and_bounded(table: Table) -> None:
    for number in range(30):
        table.tool.say(Request(id=str(number), owner="instruments", do="serial-probe"))
    for _ in range(30):
        table.turn(NOW_S)
    answers = of(Answer, table.tool.heard())
    assert len(of(Request, table.instruments.heard())) == 16
    assert [answer.ok for answer in answers] == [False] * 14
    assert all("too many requests" in answer.text for answer in answers)


@pytest.mark.parametrize("role", ["bridge", "observer", "instruments"])
def test_only_tools_ask_and_only_instruments_answer(server: Server, runtime_dir: Path, role: Role) -> None:
    peer = hello(runtime_dir, role)
    server.serve(NOW_S)
    peer.say(PROBE, Answer(id="relayed-1", ok=True, text=""))
    server.serve(NOW_S)
    assert server.dropped == 2
    assert not server.asked
    peer.close()


def greeted(runtime_dir: Path, server: Server, role: Role) -> tuple[list[object], Peer]:
    peer = hello(runtime_dir, role)
    server.serve(NOW_S)
    server.serve(NOW_S)
    heard: list[object] = [*peer.heard()]
    return heard, peer


def test_a_role_of_another_user_is_refused_in_words(runtime_dir: Path, journal: Journal) -> None:
    owners = role_owners({"EVSE_ROLE_USERS": f"bridge={SOMEBODY_ELSE}, instruments={ME}"})
    server = Server(runtime_dir, BOX, journal, owners)
    heard, bridge = greeted(runtime_dir, server, "bridge")
    only = f"only uid {owners['bridge']} (EVSE_ROLE_USERS)"
    text = f"role bridge: uid {os.getuid()} may not have it, {only}"
    assert heard == [Answer(id="hello", ok=False, text=text)]
    assert bridge.over
    for role in ("instruments", "observer"):
        heard, peer = greeted(runtime_dir, server, role)
        assert heard == [BOX]
        peer.close()
    bridge.close()
    server.close()


def test_without_the_variable_every_user_may_be_any_role() -> None:
    assert role_owners({}) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("brigde=root", "no role 'brigde'; there are bridge, instruments, observer, tool"),
        ("bridge=nobody-of-that-name", "this system has no user 'nobody-of-that-name'"),
        ("bridge", "this system has no user ''"),
    ],
)
def test_a_wrong_variable_is_told(text: str, said: str) -> None:
    with pytest.raises(UnknownUserError, match=said):
        role_owners({"EVSE_ROLE_USERS": text})
