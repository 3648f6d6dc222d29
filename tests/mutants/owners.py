"""Mutants of what the owner orders: start, stop, limit, and the frames he may read."""

from __future__ import annotations

from tests.mutants.shell import Mutant

CONNECTOR, LIMIT = "bridge/core/transaction/connector.py", "bridge/core/limits/owner_limit.py"
MONTH, MONTHS = "bridge/cli/month.py", "tests/bridge/test_month.py::test_"
RING, HIDING = "bridge/local/frame_ring.py", "bridge/local/hidden.py"
PLAYED = "tests/scenarios/test_scenarios.py::test_in_the_pure_world[{}.scenario-cloud]"
RINGS = "tests/bridge/local/test_frame_ring.py::test_"

OWNERS = (
    Mutant(
        "owner: a start takes over another idTag's session",
        CONNECTOR,
        "if not same_tag(state.id_tag, id_tag):\n                    self._refuse(id_tag, _of",
        "if False:\n                    self._refuse(id_tag, _of",
        PLAYED.format("owner_starts_and_stops"),
    ),
    Mutant(
        "owner: a stop names an idTag",
        CONNECTOR,
        'self.stop("Local", now)\n',
        'self.stop("Local", now, id_tag=self.state.id_tag)\n',
        PLAYED.format("owner_stops_a_card"),
    ),
    Mutant(
        "owner: nothing to stop is a stop",
        CONNECTOR,
        "                return NOTHING_TO_STOP\n",
        '                return ""\n',
        PLAYED.format("owner_starts_and_stops"),
    ),
    Mutant(
        "owner: the limit is not remembered",
        LIMIT,
        "        self._decisions.changes.append(Remembered(",
        "        [].append(Remembered(",
        PLAYED.format("owner_limit_killed"),
    ),
    Mutant(
        "owner: a limit is set that no disk remembers",
        "bridge/actor.py",
        "        if self.parts.charge_point.service.recorded:\n            self.parts.conversation.limit",
        "        if True:\n            self.parts.conversation.limit",
        PLAYED.format("owner_limit_full_disk"),
    ),
    Mutant(
        "owner: any number is a limit",
        LIMIT,
        "    if not (math.isfinite(limit_a) and 0.0 <= limit_a <= MOST_A):",
        "    if math.isnan(limit_a):",
        PLAYED.format("owner_limit"),
    ),
    Mutant(
        "owner: frames show a written password",
        HIDING,
        "elif is_secret(name) or (beside and not isinstance(value, bool)):",
        "elif is_secret(name):",
        f"{RINGS}no_secret_is_kept_however_deep_it_stands",
    ),
    Mutant(
        "owner: frames show a secret where they are broken",
        HIDING,
        'return "changeconfiguration" in plain or',
        "return False and",
        f"{RINGS}a_secret_is_kept_nowhere_however_the_frame_is_broken",
    ),
    Mutant(
        "owner: the ring of frames grows without end",
        RING,
        "        while len(self._frames) > MOST or self._bytes > MOST_BYTES:",
        "        while len(self._frames) > MOST:",
        f"{RINGS}long_frames_are_fewer",
    ),
    Mutant(
        "report: a session is of the month of UTC",
        MONTH,
        'if f"{each.row.started_at.astimezone(zone):%Y-%m}" == name]',
        'if f"{each.row.started_at:%Y-%m}" == name]',
        f"{MONTHS}a_session_belongs_to_the_month_in_which_it_began_where_the_box_is",
    ),
    Mutant(
        "report: amounts are rounded to even",
        MONTH,
        "quantize(_CENT, ROUND_HALF_UP)",
        "quantize(_CENT)",
        f"{MONTHS}the_report_for_people",
    ),
    Mutant(
        "report: cards are told apart by small letters",
        MONTH,
        "setdefault(session.row.id_tag.upper(), [])",
        "setdefault(session.row.id_tag, [])",
        f"{MONTHS}the_report_for_people",
    ),
    Mutant(
        "a mock box of the units is taken for a real one",
        "bridge/folders.py",
        "mock=not any(named) and is_there(units.runtime / MOCK_SOCKET_NAME)",
        "mock=False",
        "tests/bridge/test_folders.py::test_who_looks_at_the_mock_box_of_the_units_need_not_say_so",
    ),
)
