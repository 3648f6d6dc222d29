"""Mutants of what the bridge does with a version that is too old, and while a new one is on trial: each rule
left out."""

from __future__ import annotations

from tests.mutants.shell import ACTOR, Mutant

_SCENARIO = "tests/scenarios/test_scenarios.py::test_in_the_pure_world[{}.scenario-{}]"
_TRIAL = "tests/bridge/test_trial.py::test_"
CORE = "bridge/core/"
CONNECTOR, REPORTS = f"{CORE}transaction/connector.py", f"{CORE}reporting/reports.py"
HELD = " and not self._service.on_trial"


def _played(name: str, mode: str = "cloud") -> str:
    return _SCENARIO.format(name, mode)


# What follows the condition for a card, and not for the owner.
_REFUSES = "\n                self._refuse(id_tag, self._service.trial, now)\n            case Finishing(k"

TRIALS = (
    Mutant(
        "what is too old is downloaded",
        "bridge/jobs/firmware.py",
        "if is_older(said.version, least):",
        "if False:",
        "tests/bridge/jobs/test_firmware.py::test_what_is_too_old_is_not_downloaded",
    ),
    Mutant(
        "nobody says which version is too old",
        f"{CORE}maintenance/firmware.py",
        "Fetch(update.location, self._least)",
        "Fetch(update.location)",
        _played("older_refused"),
    ),
    Mutant(
        "a card is asked about in a trial",
        f"{CORE}service.py",
        "            self.trial: self.on_trial,\n",
        "",
        _played("no_session"),
    ),
    Mutant(
        "the connector is not Unavailable in a trial",
        f"{CORE}reporting/status.py",
        "if seen.on_trial:",
        "if False:",
        _played("no_session"),
    ),
    Mutant(
        "rows are sent in a trial",
        "bridge/central_system/calls.py",
        "held = service.on_trial or not service.recorded",
        "held = not service.recorded",
        f"{_TRIAL}a_backlog_of_100_rows_and_a_card_in_the_trial",
    ),
    Mutant(
        "an open session ends in a trial",
        CONNECTOR,
        """                if not self._service.on_trial:
                    self._advance_transaction(now)""",
        "                self._advance_transaction(now)",
        _played("open_session_waits"),
    ),
    Mutant(
        "a card ends a session in a trial",
        CONNECTOR,
        "case _ if self._service.on_trial:" + _REFUSES,
        "case _ if False:" + _REFUSES,
        _played("cable_stays"),
    ),
    Mutant(
        "whoever stops a session stops it in a trial",
        CONNECTOR,
        f'''nobody has; not while a version is on trial."""
        if self._running is not None{HELD}:''',
        '''nobody has; not while a version is on trial."""
        if self._running is not None:''',
        _played("asked_before"),
    ),
    Mutant(
        "clock-aligned values of a session are stored in a trial",
        CONNECTOR,
        f'''False: there is none."""
        if self._running is not None{HELD}:''',
        '''False: there is none."""
        if self._running is not None:''',
        _played("aligned_values"),
    ),
    Mutant(
        "current is offered in a trial",
        f"{CORE}charge_point.py",
        "self._start_unrecorded or self.service.on_trial",
        "self._start_unrecorded",
        _played("session_goes_on"),
    ),
    Mutant(
        "a reservation ends with a trial",
        f"{CORE}charge_point.py",
        "if unfit and not self.service.on_trial:",
        "if unfit:",
        _played("reservation_stays"),
    ),
    Mutant(
        "an update moves in a trial",
        f"{CORE}maintenance/maintenance.py",
        "if service.on_trial:",
        "if False:",
        _played("ends_well"),
    ),
    Mutant(
        "the status of an earlier boot's session waits for its end in a trial",
        REPORTS,
        "state.of_earlier_boot and not self._service.on_trial",
        "state.of_earlier_boot",
        _played("open_session_waits"),
    ),
    Mutant(
        "values of a session are triggered in a trial",
        REPORTS,
        "held = self._service.on_trial and",
        "held = False and",
        _played("session_goes_on"),
    ),
    Mutant(
        "a resumed session is sampled in a trial",
        REPORTS,
        "if self._resumed and self._service.online and not self._service.on_trial:",
        "if self._resumed and self._service.online:",
        _played("resumed_after"),
    ),
    Mutant(
        "a dead letter is offered in a trial by the owner",
        "bridge/central_system/conversation.py",
        "        if not self._refused_in_trial(ticket):\n            self._calls",
        "        if True:\n            self._calls",
        f"{_TRIAL}an_order_that_would_be_lost_is_refused_with_its_reason",
    ),
    Mutant(
        "profiles are cleared in a trial by the owner",
        "bridge/central_system/conversation.py",
        "        if self._refused_in_trial(ticket):\n            return\n        cleared",
        "        if False:\n            return\n        cleared",
        f"{_TRIAL}an_order_that_would_be_lost_is_refused_with_its_reason",
    ),
    Mutant(
        "the cable is unlocked in a trial",
        "bridge/central_system/operations/core.py",
        "    if charge_point.service.on_trial:\n",
        "    if False:\n",
        _played("unlock_native", "native"),
    ),
    Mutant(
        "a core that is rebuilt forgets the trial",
        ACTOR,
        "        self.parts.charge_point.follow_trial(self._trial)\n",
        "",
        "tests/bridge/test_raising.py::test_a_core_that_is_rebuilt_knows_of_the_trial",
    ),
    Mutant(
        "a link that leads nowhere is no trial",
        "bridge/trial.py",
        "if os.path.lexists(path) else Trial()",
        "if False else Trial()",
        f"{_TRIAL}what_cannot_be_read_counts_as_a_trial",
    ),
    Mutant(
        "what cannot be read is no trial",
        "bridge/trial.py",
        "return Trial(_doubt(path, error.strerror or str(error)))",
        "return Trial()",
        f"{_TRIAL}what_cannot_be_read_counts_as_a_trial",
    ),
    *(
        Mutant(
            f"{action} is carried out in a trial",
            "bridge/central_system/operations/trial.py",
            f'    "{action}": {answer}',
            f'    "not {action}": {answer}',
            _played(scenario),
        )
        for action, answer, scenario in (
            ("CancelReservation", '{"status": "Rejected"}', "reservation_stays"),
            ("ChangeAvailability", '{"status": "Rejected"}', "refused_words"),
            ("ChangeConfiguration", '{"status": "Rejected"}', "refused_words"),
            ("ClearCache", '{"status": "Rejected"}', "refused_words"),
            ("ClearChargingProfile", "None", "refused_words"),
            ("GetDiagnostics", "{}", "refused_words"),
            ("RemoteStopTransaction", '{"status": "Rejected"}', "session_goes_on"),
            ("Reset", '{"status": "Rejected"}', "refused_words"),
            ("SendLocalList", '{"status": "Failed"}', "refused_words"),
            ("SetChargingProfile", '{"status": "Rejected"}', "refused_words"),
            ("UpdateFirmware", "None", "refused_words"),
        )
    ),
)
