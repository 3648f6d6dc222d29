"""PURE: a scenario file becomes steps. Anything that is not understood is an error with file and line.

# name.scenario   What it shows and its clause      first line; `name.scenario` is the file's own name
# real | # real only | # cloud | # native           where it runs: default pure, cloud; both modes may stand
# any longer remark
  key ConnectionTimeOut = 30                        first values, tags and settings come before the steps
  tag 04AABBCC Accepted [PARENT]
> RemoteStartTransaction {"idTag": "04AABBCC"}      the Central System asks
< Accepted | < {"status": "Accepted"} | < CallError Code      the charge point answers
< StatusNotification 1 Preparing [ErrorCode]        the charge point asks; NoError when none is named
< Authorize {"idTag": "04AABBCC"}                   fields given must match, null demands absence
> {"idTagInfo": ...} | > CallError Code | > silence the answer; without one the Central System's default
> unsound {...}                                     an answer that breaks its schema
> loose {...}                                       likewise, but nothing that is needed of it is wrong
> Authorize.conf {"idTagInfo": ...}                 an answer that was withheld by `> silence`
> raw TEXT                                          exactly this text; `$ID` in it: of the charge point's last
                                                    CALL, and directly below that it stands for an answer
> SendLocalList 1 to 255 {...}                      with accepted entries 00000001 to 000000FF
< closes the link                                   the charge point ends the connection
  wait 119 s
  expect contactor open
  expect caps the main fuse 9.5 A                   the limits that no profile sets, with commas between
  expect why profile_limit                          the first sentence of the owner, by its row
  expect remedy RaiseLimit profile 12               what to do about it, see `sentences.py`
  car plugs in, ready                               something happens (see VERBS)
  begin charging with 04AABBCC [{json}]             the usual opening, frame by frame: see `phrases.py`;
                                                    the fields are those of StartTransaction
  write every key, refused                          and the other phrases about all configuration keys
  hangup 1001                                       the Central System closes the socket with that code
  clock -3600                                       the system clock is set, by so many seconds
  clock lost                                        it stands in 1970, and no time server sets it
  time server lost | time server back               the latter sets the clock right
  owner sends DataTransfer {json}                   the command; `expect owner Accepted` is what it tells
  owner orders SetOwnerLimit {"limit_a": 10}        any other order of `bridge/local/orders.py`, likewise
  trial begins | trial ends                         root makes the trial file, or removes it
  switched 0.2.0.0                                  root ends the programs, copies the database, makes
                                                    the file, and starts that version
  switched back                                     the trial ended badly: the version before, and the copy
  house 10 | house 10,5,0                           what the house draws, A on each phase
  sun 5000                                          what its roof gives, W
  password SECRET                                   the Central System opens for that alone, else 401

A line that begins with four blanks or more continues the line above it, as if one blank stood between them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NoReturn, get_args

from bridge.central_system.frames import ErrorCode
from tests.scenarios.phrases import PHRASES, lines_of
from tests.scenarios.script import (
    ID,
    Answered,
    Asked,
    Call,
    Closes,
    Do,
    Error,
    Expect,
    LateReply,
    Mode,
    Payload,
    Raw,
    Result,
    Scenario,
    Silence,
    Step,
    Tag,
    Wait,
)

MARKERS = ("cloud", "native", "real", "real only")
SETTINGS = {
    "zaptec.authorization_required": "true|false",
    "central_system.accept_before_registration": "true|false",
    "installation.phases": "1|3",
    "firmware.source": "none",
    "firmware.allow_older": "true",
    "central_system.password": r"\w{1,40}",
    "fallback.central_system_lost_after_s": "60",
    "fallback.central_system_lost_limit_a": "0|6|8",
    "house.fuse_a": r"\d{2,3}",
    "house.when_quiet_a": "0|6|8",
    "dimming.limit_w": "4200|2000",
    "solar.surplus": "true",
    "solar.min_on_s": r"\d+",
    "solar.min_off_s": r"\d+",
}
VERBS = (
    "car plugs in, ready", "car plugs in", "car ready", "car pauses", "car leaves",
    "car unplugs at its side", "cable is taken out",
    "link lost", "link back",
    "bridge restarts", "bridge is told to end", "bridge starts",
    "restarts fail", "restarts succeed",
    "disk full", "disk free", "disk slow", "disk fast",
    "clock lost", "time server lost", "time server back",
    "power cut", "power back", "safety dies", "safety starts", "safety restarts",
    "safety falls silent", "safety runs on",
    "instruments fall silent", "instruments speak", "instruments restart",
    "upload succeeds", "upload fails", "download fails", "archive is not genuine",
    "installer succeeds", "installer succeeds in vain", "installer fails",
    "trial begins", "trial ends", "switched back",
)  # fmt: skip
VERBS_WITH_NAME = (
    "card",
    "fault",
    "clear",
    "download",
    "hangup",
    "clock",
    "password",
    "switched",
    "house",
    "sun",
)
EXPECTED = {
    "status": "Available|Preparing|Charging|SuspendedEV|SuspendedEVSE|Finishing|Reserved|Unavailable|Faulted",
    "contactor": "open|closed",
    "cable": "locked|unlocked",
    "offer": r"none|[0-9.]+ A",
    "lamp": "[a-z]+",
    "errand": "none|upload|fetch|install",
    "key": r"\w+ = .*",
    "password": r"none|\w+",
    "owner": ".*",
    "caps": ".*",
    "why": "[a-z_]+",
    "remedy": r"[A-Z]\w+.*",
}
REAL_WAIT_S = 5.0


class ScriptError(ValueError):
    """`file:line: what is wrong, and what is allowed`."""


def parse(name: str, text: str) -> Scenario:
    """Raises ScriptError."""
    return _Parser(name).parse(text)


class _Parser:
    def __init__(self, name: str) -> None:
        self._name = name
        self._number = 0
        self._steps: list[Step] = []
        self._markers: list[str] = []
        self._keys: dict[str, str] = {}
        self._tags: dict[str, Tag] = {}
        self._settings: dict[str, str] = {}
        self._quiet = False
        self._offline = False
        self._no_time = False
        self._unanswerable = 0  # so many of the steps are a verb's own: no line below it is their answer

    def parse(self, text: str) -> Scenario:
        lines = text.splitlines()
        title = self._title(lines)
        for number, line in self._whole_lines(lines):
            self._number = number
            self._line(line)
        if not self._steps:
            self._fail("no step: a scenario without one shows nothing")
        modes: tuple[Mode, ...] = tuple(mode for mode in get_args(Mode) if mode in self._markers)
        scenario = Scenario(
            name=self._name,
            title=title,
            steps=tuple(self._steps),
            modes=modes or ("cloud",),
            pure="real only" not in self._markers,
            real="real" in self._markers or "real only" in self._markers,
            keys=self._keys,
            tags=self._tags,
            quiet_meter_values=self._quiet,
            offline=self._offline,
            no_time=self._no_time,
            settings=self._settings,
        )
        self._check_whole(scenario)
        return scenario

    def _fail(self, why: str) -> NoReturn:
        raise ScriptError(f"{self._name}:{self._number}: {why}")

    def _title(self, lines: Sequence[str]) -> str:
        self._number = 1
        found = re.fullmatch(rf"# {re.escape(self._name)} {{2,}}(\S.*)", lines[0] if lines else "")
        if found is None:
            self._fail(f"the first line must be `# {self._name}   title`")
        return found[1]

    def _whole_lines(self, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
        """Those below the title, each with the number at which it begins."""
        begun = (2, "")
        for number, line in enumerate((line.rstrip() for line in lines[1:]), start=2):
            if not line.startswith("    "):
                yield begun
                begun = (number, line)
            elif re.match(r"[<>] |  ", begun[1]):
                begun = (begun[0], f"{begun[1]} {line.lstrip()}")
            else:
                self._number = number
                self._fail("a line of four blanks or more continues one of `> `, `< ` or two blanks")
        yield begun

    def _check_whole(self, scenario: Scenario) -> None:
        for step in scenario.steps:
            self._number = step.line
            if scenario.real and isinstance(step, Wait) and step.for_s > REAL_WAIT_S:
                self._fail(f"wait {step.for_s:g} s: at most {REAL_WAIT_S:g} s in a file marked `# real`")
            if scenario.quiet_meter_values and isinstance(step, Asked) and step.action == "MeterValues":
                self._fail("MeterValues are declared quiet: do not list them, or leave `quiet` out")

    def _line(self, line: str) -> None:
        if not line:
            return
        if line.startswith("#"):
            self._remark(line[1:].strip())
        elif line.startswith("> "):
            self._said(line[2:])
        elif line.startswith("< "):
            self._heard(line[2:])
        elif re.match(r"  \S", line):
            self._world(line.strip())
        else:
            self._fail("a line begins with `# `, `> `, `< ` or two blanks")

    def _remark(self, text: str) -> None:
        if text in MARKERS:
            self._markers.append(text)
        elif len(text.split()) < 3:
            self._fail(
                f"# {text}: no such mark; there are {', '.join(MARKERS)}; a remark has three words or more"
            )

    # The Central System

    def _said(self, text: str) -> None:
        if text.startswith("raw "):
            self._raw(text[4:])
        elif text == "silence":
            self._reply(Silence())
        elif found := re.fullmatch(r"CallError (\w+)", text):
            self._reply(Error(found[1]))
        elif text.startswith("{"):
            self._reply(Result(self._json(text)))
        elif text.startswith("unsound {"):
            self._reply(Result(self._json(text.removeprefix("unsound ")), sound=False))
        elif text.startswith("loose {"):
            self._reply(Result(self._json(text.removeprefix("loose ")), sound=False, loose=True))
        elif found := re.fullmatch(r"(\w+)\.conf (?:CallError (\w+)|(\{.*))", text):
            reply = Error(found[2]) if found[2] else Result(self._json(found[3]))
            self._steps.append(LateReply(self._number, found[1], reply))
        elif found := re.fullmatch(r"(\w+) (\{.*)", text):
            self._steps.append(Call(self._number, found[1], self._json(found[2])))
        elif found := re.fullmatch(r"SendLocalList (\d+) to (\d+) (\{.*)", text):
            entries = _accepted_entries(int(found[1]), int(found[2]))
            payload = {**self._json(found[3]), "localAuthorizationList": entries}
            self._steps.append(Call(self._number, "SendLocalList", payload))
        else:
            self._fail(
                f"> {text}: must be `Action {{json}}`, `{{json}}`, `unsound {{json}}`, `loose {{json}}`, "
                "`CallError Code`, `silence`, `Action.conf {json}` or `raw text`"
            )

    def _raw(self, text: str) -> None:
        last = self._steps[-1] if self._steps else None
        if ID in text and isinstance(last, Asked) and last.reply is None:
            self._reply(Silence())
        self._steps.append(Raw(self._number, text))

    def _reply(self, reply: Result | Error | Silence) -> None:
        last = self._steps[-1] if len(self._steps) > self._unanswerable else None
        if not isinstance(last, Asked) or last.reply is not None:
            self._fail("an answer stands directly below the charge point's CALL; later: `> Action.conf ...`")
        self._steps[-1] = replace(last, reply=reply)

    # The charge point

    def _heard(self, text: str) -> None:
        if text == "closes the link":
            self._steps.append(Closes(self._number))
        elif found := re.fullmatch(r"CallError (\w+)", text):
            if found[1] not in get_args(ErrorCode):
                self._fail(f"CallError {found[1]}: OCPP-J knows {', '.join(get_args(ErrorCode))}")
            self._steps.append(Answered(self._number, Error(found[1])))
        elif text.startswith("{"):
            self._steps.append(Answered(self._number, Result(self._json(text))))
        elif found := re.fullmatch(r"StatusNotification ([01]) (\w+)(?: (\w+))?", text):
            told = {"connectorId": int(found[1]), "status": found[2], "errorCode": found[3] or "NoError"}
            self._steps.append(Asked(self._number, "StatusNotification", told))
        elif found := re.fullmatch(r"(\w+) (\{.*)", text):
            self._steps.append(Asked(self._number, found[1], self._json(found[2])))
        elif text in ("Heartbeat", "BootNotification"):
            self._steps.append(Asked(self._number, text, {}))
        elif re.fullmatch(r"\w+", text):
            self._steps.append(Answered(self._number, Result({"status": text})))
        else:
            self._fail(
                f"< {text}: must be a status, `{{json}}`, `CallError Code`, `Action {{json}}`, "
                "`StatusNotification 1 Status [ErrorCode]` or `closes the link`"
            )

    # The world

    def _world(self, text: str) -> None:
        if self._beginning(text):
            if self._steps:
                self._fail(f"{text}: stands above the first step")
        elif found := re.fullmatch(r"wait ([0-9.]+) s", text):
            self._steps.append(Wait(self._number, float(found[1])))
        elif found := re.fullmatch(r"expect (\w+) (.+)", text):
            self._expect(found[1], found[2])
        elif found := re.fullmatch(r"owner sends DataTransfer (\{.*)", text):
            self._steps.append(Do(self._number, "owner sends DataTransfer", json.dumps(self._json(found[1]))))
        elif found := re.fullmatch(r"owner orders (\w+) (\{.*)", text):
            order = {"order": found[1], **self._json(found[2])}
            self._steps.append(Do(self._number, "owner orders", json.dumps(order)))
        elif text in VERBS:
            self._steps.append(Do(self._number, text))
        elif lines := lines_of(text, "native" if "native" in self._markers else "cloud"):
            self._phrase(lines)
        elif (found := re.fullmatch(r"(\w+) (\S+)", text)) and found[1] in VERBS_WITH_NAME:
            self._steps.append(Do(self._number, found[1], found[2]))
        else:
            named = ", ".join(f"{verb} NAME" for verb in VERBS_WITH_NAME)
            verbs = "; ".join((*PHRASES, *VERBS))
            self._fail(f"{text}: must be `wait N s`, `expect ...`, {named}, or one of: {verbs}")

    def _phrase(self, lines: list[str]) -> None:
        """Raises ScriptError at the verb's own line, as if its lines stood there."""
        for line in lines:
            self._line(line)
        self._unanswerable = len(self._steps)

    def _beginning(self, text: str) -> bool:
        """Whether it is one of the lines that say how the scenario begins."""
        if found := re.fullmatch(r"key (\w+) = ?(.*)", text):
            self._keys[found[1]] = found[2]
        elif found := re.fullmatch(r"tag (\S+) (\w+)(?: (\S+))?", text):
            self._tags[found[1].strip('"')] = Tag(found[2], found[3])
        elif text == "quiet MeterValues":
            self._quiet = True
        elif text == "begins offline":
            self._offline = True
        elif text == "begins without time":
            self._no_time = True
        elif found := re.fullmatch(r"([a-z_]+\.[a-z_]+) = (\w+)", text):
            allowed = SETTINGS.get(found[1])
            if allowed is None or not re.fullmatch(allowed, found[2]):
                rows = ", ".join(f"{name} = {values}" for name, values in SETTINGS.items())
                self._fail(f"{text}: allowed are {rows}")
            self._settings[found[1]] = found[2]
        else:
            return False
        return True

    def _expect(self, what: str, value: str) -> None:
        allowed = EXPECTED.get(what)
        if allowed is None:
            self._fail(f"expect {what}: there are {', '.join(EXPECTED)}")
        if not re.fullmatch(allowed, value):
            self._fail(f"expect {what} {value}: must be {allowed}")
        self._steps.append(Expect(self._number, what, value))

    def _json(self, text: str) -> Payload:
        try:
            payload = json.loads(text)
        except ValueError as error:
            self._fail(f"not JSON: {error}: {text}")
        if not isinstance(payload, dict):
            self._fail(f"must be a JSON object: {text}")
        return payload


def _accepted_entries(first: int, last: int) -> list[Payload]:
    """Of a local list: as many as nobody wants to read."""
    return [
        {"idTag": f"{number:08X}", "idTagInfo": {"status": "Accepted"}} for number in range(first, last + 1)
    ]
