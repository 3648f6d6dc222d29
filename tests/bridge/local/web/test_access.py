"""Who may do what: no order of requests gives a right that was not earned."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bridge.local.web.access import hosts, kept, passwords
from bridge.local.web.access.access import MOST_TOKENS, Access, Knock, tried
from bridge.local.web.access.attempts import ALL_EACH_S, MOST_PLACES, OF_ALL, OF_ONE, ONE_EACH_S, Attempts
from bridge.local.web.access.kept import Kept
from bridge.local.web.access.passwords import Cost
from bridge.local.web.access.rights import Need, Role
from bridge.local.web.access.sessions import IDLE_S, LIFE_S, MOST, Sessions

CHEAP = Cost(n=2, r=1, p=1)
RIGHTS: dict[Role, set[Need]] = {"owner": {"open", "owner"}, "installer": {"open", "owner", "installer"}}
Ways = Literal["cookie", "token"]


class Door(RuleBasedStateMachine):
    """Browsers and programs that come, log in, out, and ask; a model says what each has earned."""

    def __init__(self) -> None:
        super().__init__()
        self.access = Access(Kept(), "ABCDEFGH", lambda _kept: None)
        self.now_s = 0.0
        self.earned: dict[str, tuple[Role, float, float]] = {}  # cookies: role, began, used
        self.tokens: dict[str, tuple[Role, str]] = {}
        self.password_set = False

    @rule(seconds=st.sampled_from([1.0, IDLE_S / 2, IDLE_S + 1.0, LIFE_S]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(role=st.sampled_from(["owner", "installer"]))
    def logs_in(self, role: Role) -> None:
        if self.password_set:
            visit = self.access.log_in(role, self.now_s)
            self.earned[visit] = role, self.now_s, self.now_s
            if len(self.earned) > MOST:
                del self.earned[min(self.earned, key=lambda each: self.earned[each][2])]

    @rule(data=st.data())
    def logs_out(self, data: st.DataObject) -> None:
        if self.earned:
            visit = data.draw(st.sampled_from(sorted(self.earned)))
            self.access.log_out(visit)
            del self.earned[visit]

    @rule(role=st.sampled_from(["owner", "installer"]), password=st.sampled_from(["one", "two"]))
    def sets_a_password(self, role: Role, password: str) -> None:
        self.access.set_password(role, passwords.hashed(password, CHEAP))
        self.password_set = True
        self.earned.clear()

    @rule(role=st.sampled_from(["owner", "installer"]))
    def makes_a_token(self, role: Role) -> None:
        made = self.access.add_token("a name", role, None)
        assert (made is None) == (len(self.tokens) == MOST_TOKENS)
        if made is not None:
            self.tokens[made[1]] = role, made[0].id

    @rule(data=st.data())
    def removes_a_token(self, data: st.DataObject) -> None:
        if self.tokens:
            text = data.draw(st.sampled_from(sorted(self.tokens)))
            assert self.access.remove_token(self.tokens.pop(text)[1])

    @rule(
        data=st.data(),
        need=st.sampled_from(["open", "owner", "installer"]),
        local=st.booleans(),
        changes=st.booleans(),
        csrf=st.sampled_from(["right", "of another", "none"]),
        own=st.booleans(),
    )
    def asks(self, data: st.DataObject, need: Need, local: bool, changes: bool, csrf: str, own: bool) -> None:
        way: Ways = data.draw(st.sampled_from(["cookie", "token"]))
        visit = data.draw(st.sampled_from(["", "never-logged-in", *sorted(self.earned)]))
        text = data.draw(st.sampled_from(["wrong", *sorted(self.tokens)]))
        proofs = {"right": self.access.csrf(visit), "of another": self.access.csrf("another"), "none": ""}
        knock = Knock(local, visit, text if way == "token" else None, proofs[csrf], own)
        caller = self.access.caller(knock, self.now_s)
        refused = self.access.refusal(knock, caller, need, changes=changes)
        role = self._role(way, visit, text, local)
        enough = need == "open" or (role is not None and need in RIGHTS[role])
        proven = not changes or way == "token" or (csrf == "right" and own and visit != "")
        assert (refused is None) == (enough and proven)

    def _role(self, way: Ways, visit: str, text: str, local: bool) -> Role | None:
        if way == "token":
            return self.tokens[text][0] if text in self.tokens else None
        if visit in self.earned:
            role, began_s, used_s = self.earned[visit]
            if self.now_s - used_s <= IDLE_S and self.now_s - began_s <= LIFE_S:
                self.earned[visit] = role, began_s, self.now_s
                return role
            del self.earned[visit]
        return "installer" if local and not self.password_set else None

    @invariant()
    def nothing_kept_can_be_used_to_enter(self) -> None:
        digests = {token.digest for token in self.access.kept.tokens}
        assert not digests & set(self.tokens)


TestDoor = Door.TestCase
TestDoor.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_a_password_is_whose_it_is() -> None:
    one, two = (passwords.hashed(each, CHEAP) for each in ("one", "two"))
    both = Kept(installer=one, owner=two)
    assert [tried(each, both) for each in ("one", "two", "three", "")] == ["installer", "owner", None, None]
    assert tried("one", Kept()) is None
    assert one != passwords.hashed("one", CHEAP)  # each with a salt of its own


def test_a_change_that_does_not_last_is_none() -> None:
    def full(_kept: Kept) -> None:
        raise OSError(28, "No space left on device")

    access = Access(Kept(), "ABCDEFGH", full)
    with pytest.raises(OSError, match="No space"):
        access.set_password("installer", passwords.hashed("one", CHEAP))
    assert not access.password_set


@pytest.mark.parametrize(
    ("code", "fits"),
    [
        ("ABCD2345", True),
        ("abcd-2345", True),
        (" ABCD 2345 ", True),
        ("ABCD2346", False),
        ("", False),
        ("é", False),
    ],
)
def test_a_code_is_taken_as_people_write_it(code: str, fits: bool) -> None:
    assert Access(Kept(), "ABCD2345", lambda _kept: None).code_fits(code) is fits


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0.0, 5.0)), max_size=300))
def test_strangers_try_no_oftener_than_all_together_may(tries: list[tuple[int, float]]) -> None:
    attempts, now_s, done = Attempts(), 0.0, 0
    for place, passed_s in tries:
        now_s += passed_s
        done += attempts.begin(f"place {place}", now_s) == 0.0
    assert done <= OF_ALL + now_s / ALL_EACH_S


def test_one_place_has_its_own_turns() -> None:
    attempts = Attempts()
    assert [attempts.begin("here", 0.0) for _ in range(OF_ONE)] == [0.0] * OF_ONE
    assert attempts.begin("here", 0.0) == ONE_EACH_S
    assert attempts.begin("there", 0.0) == 0.0
    assert attempts.begin("here", ONE_EACH_S) == 0.0


def test_strangers_cannot_use_up_the_turns_of_who_has_logged_in() -> None:
    attempts = Attempts()
    attempts.succeeded("home")
    for number in range(MOST_PLACES * 2):
        attempts.begin(f"place {number}", 0.0)
    assert attempts.begin("elsewhere", 0.0) > 0.0
    assert attempts.begin("home", 0.0) == 0.0


def test_the_session_used_longest_ago_gives_way() -> None:
    sessions = Sessions()
    for number in range(MOST):
        sessions.begin(f"visit {number}", "owner", 0.0)
    assert sessions.role("visit 0", 1.0) == "owner"
    sessions.begin("one more", "owner", 2.0)
    assert [sessions.role(each, 3.0) for each in ("visit 0", "visit 1")] == ["owner", None]


NAMES = hosts.own_names("wallbox.example.org", ("box.fritz.box",))


@pytest.mark.parametrize(
    "host",
    [
        *("localhost:8016", "wallbox", "WALLBOX.local:8016", "wallbox.example.org", "192.168.1.20:8016"),
        *("[::1]:8016", "box.fritz.box", "wallbox.local."),
    ],
)
def test_own_names_and_addresses_open_the_page(host: str) -> None:
    assert hosts.is_own(host, NAMES)


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "wallbox.evil.example", "localhost.evil.example", "127.0.0.1.evil.example"),
        *("a@localhost", "localhost/", "[::1", "localhost:99999", "localhost#", "localhost?", "local host"),
        "192.168.1.20.nip.io",
    ],
)
def test_other_names_do_not(host: str) -> None:
    assert not hosts.is_own(host, NAMES)


@given(st.text())
def test_no_host_and_no_origin_is_an_error(text: str) -> None:
    hosts.is_own(text, NAMES)
    hosts.same_origin(text, "localhost")
    hosts.network_of(text)


def test_an_address_counts_as_its_place() -> None:
    assert hosts.network_of("2001:db8:1:2::77") == hosts.network_of("2001:db8:1:2:3::1") != "?"
    assert hosts.network_of("::ffff:192.0.2.1") == hosts.network_of("192.0.2.1")
    assert hosts.is_loopback("::ffff:127.0.0.1")
    assert not hosts.is_loopback("192.0.2.1")


def test_only_the_page_itself_is_its_origin() -> None:
    own = "localhost:8016"
    assert hosts.same_origin(None, own)
    assert hosts.same_origin("http://localhost:8016", own)
    for origin in ("null", "http://localhost:8017", "http://evil.example", "file://localhost:8016", ""):
        assert not hosts.same_origin(origin, own)


def test_the_code_looks_alike_to_nothing() -> None:
    assert not set(kept.ALPHABET) & set("01OIL")
    assert len(kept.ALPHABET) ** kept.CODE_LENGTH > 10**11
