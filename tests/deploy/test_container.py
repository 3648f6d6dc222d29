"""The units under a real systemd, on the mock wallbox, in a booted container.

What a container cannot show is in docs/services.md; `make test-vm` shows a part of it.
"""

from __future__ import annotations

import re
import time
from functools import partial

import pytest

from hal.contract import Answer, Status
from tests.deploy import container as machine
from tests.deploy.container import AFTER_FAULT_S, CONTACTOR, PROGRAMS, REBOOT, SOURCES, Container
from tests.deploy.layers import VENV
from tests.hal.safety.peers import hello, of

SAFE_WITHIN_S = 3.0  # IEC 61851-1 Table A.6 sequence 12; docs/services.md has the times seen
LOCKED_BYTES = 64 * 1024**2  # LimitMEMLOCK of evse-safety.service
NO_CONTAINER = machine.missing() or machine.refused()

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(bool(NO_CONTAINER), reason=f"no container: {NO_CONTAINER}"),
    pytest.mark.timeout(1800),  # once, a Debian must be fetched
]


@pytest.fixture
def box(booted: Container) -> Container:
    """All programs are connected."""
    until_connected(booted)
    return booted


def until_connected(box: Container, bridge: int = 1, instruments: int = 1) -> None:
    """So often, since the boot."""
    for program, times in (("bridge", bridge), ("instruments", instruments)):
        box.until(partial(connected, box, program, times), f"{program} connected {times} times")


def connected(box: Container, program: str, times: int) -> bool:
    return box.journal("--boot", "--unit=evse-safety").count(f": {program} connected") >= times


def charge(box: Container) -> None:
    box.mock(do="plug-in")
    box.until(lambda: box.mock(do="state")["contactor_closed"], "charging")


LOOKED = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8016/api/v1/state').read().decode())"


def test_the_page_asks_the_desk_and_sees_no_other_socket(box: Container) -> None:
    def told() -> bool:
        return '"bridge":"ok"' in box.run("python3", "-c", LOOKED, check=False).stdout

    box.until(told, "the page tells the state", every_s=0.5)
    status = box.status("evse-local")
    assert box.run("id", "-un", status["Uid"].split()[0]).stdout.strip() == "evse-local"
    assert (status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]) == ("0" * 16, "1", "2")
    seen = box.run("nsenter", "--mount", f"--target={status['Pid']}", "ls", "/run/evse-bridge").stdout
    assert seen.split() == ["desk"]
    assert box.run("stat", "-c", "%a %U", "/var/lib/evse-bridge/local").stdout == "700 evse-local\n"


def test_all_are_up_as_who_they_should_be_and_nobody_else_gets_in(box: Container) -> None:
    assert box.run("systemctl", "is-system-running").stdout == "running\n"
    others = ("evse-bridge.target", "evse-bridge-reset.path")
    assert box.run("systemctl", "is-active", *others).stdout == "active\n" * 2
    for program in PROGRAMS:
        status = box.status(program)
        assert box.run("id", "-un", status["Uid"].split()[0]).stdout.strip() == program
        assert (status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]) == ("0" * 16, "1", "2")
    assert [entry["MESSAGE"] for entry in box.entries("--priority=warning", "--unit=evse*")] == []

    observer = hello(box.runtime, "observer")
    usurper = hello(box.runtime, "bridge")  # root is not evse-bridge
    box.until(lambda: bool(observer.heard()), "welcomed")
    assert [type(refusal) for refusal in usurper.heard()] == [Answer]
    assert usurper.over
    observer.close()
    usurper.close()
    knock = "import socket; socket.socket(socket.AF_UNIX).connect('/run/evse-bridge/hal.sock')"
    assert "PermissionError" in box.run("python3", "-c", knock, user="nobody", check=False).stderr


def test_the_reflexes_have_their_priority_no_network_and_memory_as_far_as_this_machine_gives_it(
    box: Container,
) -> None:
    pid = box.pid("evse-safety")
    listed = box.run("ps", "-o", "cls=,rtprio=,args=", f"--pid={pid}", f"--ppid={pid}").stdout
    assert [(words[0], words[1], words[5]) for words in map(str.split, sorted(listed.splitlines()))] == [
        ("FF", "40", "hal.safety"),
        ("TS", "-", "hal.safety.state.writer"),  # it waits for a disk, and has no need to be in time
    ]
    links = box.run("nsenter", "--net", f"--target={pid}", "ls", "/proc/net/dev_snmp6", check=False)
    assert set(links.stdout.split()) <= {"lo"}
    assert box.run("readlink", f"/proc/{pid}/ns/net").stdout != box.run("readlink", "/proc/1/ns/net").stdout

    locked = re.search(
        r"Max locked memory +\d+ +(\d+|unlimited)", box.run("cat", f"/proc/{pid}/limits").stdout
    )
    assert locked is not None
    enough = locked[1] == "unlimited" or int(locked[1]) >= LOCKED_BYTES
    said = "fifo, memory locked" if enough else "fifo, memory not locked (Cannot allocate memory)"
    assert said in box.journal("--unit=evse-safety")


def test_the_bridge_reaches_what_is_its_own_and_one_word_for_the_system(box: Container) -> None:
    """A bridge that somebody broke into cannot make `safe_outputs` forget the contactor."""
    box.run("chmod", "2750", "/run/evse-bridge")  # as where no mock wallbox lives in it
    own, runtime = "evse-bridge", "/run/evse-bridge"
    assert box.can(own, "touch", "/var/lib/evse-bridge/bridge/new")
    assert box.can(own, "test", "-w", f"{runtime}/reset")
    assert box.can(own, "test", "-r", "/etc/evse-bridge/charge-point.toml")
    orders = f"import socket; socket.socket(socket.AF_UNIX).connect('{runtime}/desk/bridge.sock')"
    assert box.can("evse-instruments", "python3", "-c", orders)  # as whoever is in the group evse
    assert not box.can("nobody", "python3", "-c", orders)
    assert not box.can(own, "test", "-w", f"{runtime}/safe-outputs.json")
    assert not box.can(own, "mv", f"{runtime}/safe-outputs.json", f"{runtime}/gone")
    assert not box.can(own, "touch", f"{runtime}/new")
    assert not box.can(own, "test", "-r", "/etc/evse-bridge/wallbox.toml")
    assert not box.can(own, "ls", "/var/lib/evse-bridge/safety")
    assert not box.can("evse-instruments", "test", "-r", "/etc/evse-bridge/charge-point.toml")
    assert box.can("evse-safety", "touch", f"{runtime}/new")


ASKS = (
    "import ctypes, sys; from bridge import clock; told = clock.synchronized(); "
    "words = (ctypes.c_uint * 128)(0x0001); "  # ADJ_OFFSET: sets it
    "refused = ctypes.CDLL(None).adjtimex(words) < 0; print(told in (True, False), refused)"
)


def test_the_bridge_may_ask_whether_a_time_server_sets_the_clock_and_may_not_set_it(box: Container) -> None:
    """In the very fence of its unit. ProtectClock= would refuse the question: the negative control."""
    unit = "/run/systemd/system/evse-asks"
    python = f'{VENV}/bin/python -I -c "{ASKS}"'
    fence = r"/^(ExecStart|Type|Notify|Watchdog|Restart|WorkingDirectory|StateDirectory)/d"
    for name, more in (("", ""), ("-not", "ProtectClock=yes")):
        oneshot = f"Type=oneshot\nExecStart={python}\n{more}"
        text = box.run("sed", "-E", fence, "/usr/lib/systemd/system/evse-bridge.service").stdout
        text = text.replace("[Service]", f"[Service]\n{oneshot}")
        box.run("sh", "-c", f"cat > {unit}{name}.service <<'END'\n{text}\nEND\nsystemctl daemon-reload")
        box.run("systemctl", "start", f"evse-asks{name}")
    assert "True True" in box.journal("--unit=evse-asks")
    assert "False True" in box.journal("--unit=evse-asks-not")


def test_of_sysfs_the_reflexes_write_the_folder_of_the_link_alone(box: Container) -> None:
    """On a Pi the link of our udev rule leads to the PWM; here to what there is: the loop-back device."""
    box.run("mount", "-o", "remount,rw", "/sys/devices")  # a container's is read-only
    box.run("ln", "-s", "/sys/class/net/lo", "/run/evse-bridge-pwm")
    box.run("systemctl", "restart", "evse-safety")
    inside, beside = "/sys/class/net/lo/ifalias", "/sys/devices/system/cpu/uevent"
    box.run("test", "-w", beside)
    assert not box.can("evse-safety", "test", "-w", beside, user="root")
    assert box.can("evse-safety", "sh", "-c", f"echo pilot > {inside}", user="root")
    assert box.run("cat", inside).stdout == "pilot\n"


def test_a_hung_safety_is_killed_made_safe_and_started_again(box: Container) -> None:
    """And the transaction goes on: bridge and instruments never stopped."""
    charge(box)
    before, wires = box.pids(), box.line_map()
    box.run("kill", "-STOP", str(before["evse-safety"]))
    safe_after_s = box.until(lambda: not wires.driven_high(CONTACTOR), "contactor off", every_s=0.002)
    safe_after_s += box.until(lambda: box.mock(do="state")["pilot"] == "x1", "x1", every_s=0.01)
    assert safe_after_s < SAFE_WITHIN_S
    assert "Watchdog timeout" in box.journal("--unit=evse-safety")

    box.until(lambda: box.pid("evse-safety") not in (0, before["evse-safety"]), "started again", every_s=0.01)
    started_s = box.until(lambda: wires.driven_high(CONTACTOR), "closed again", every_s=0.002)
    assert started_s > AFTER_FAULT_S - 1  # seen a moment after the start
    wires.close()
    after = box.pids()
    assert [program for program in PROGRAMS if after[program] != before[program]] == ["evse-safety"]
    assert box.mock(do="state")["pwm_violations"] == []
    assert "-> Finishing" not in box.journal("--unit=evse-bridge")


def test_a_disk_that_hangs_does_not_keep_safe_outputs_waiting(box: Container) -> None:
    """systemd would wait, before ExecStopPost, for all that it is to end with the service."""
    kept = "/var/lib/evse-bridge/safety/wallbox-state.json"
    box.run("mkfifo", "--mode=0600", f"{kept}.new")  # whoever writes waits for a reader, who never comes
    box.run("chown", "evse-safety:", f"{kept}.new")
    charge(box)
    wires = box.line_map()
    writer = box.run("pgrep", "--full", f"hal.safety.state.writer {kept}").stdout
    box.run("kill", "-KILL", str(box.pid("evse-safety")))
    low_after_s = box.until(lambda: not wires.driven_high(CONTACTOR), "contactor off", every_s=0.002)
    wires.close()
    assert low_after_s < SAFE_WITHIN_S
    assert writer in box.run("pgrep", "--full", f"hal.safety.state.writer {kept}").stdout


def test_without_safe_outputs_the_contactor_would_stay_closed(box: Container) -> None:
    """The negative control: it is ExecStopPost that opens it, not the death."""
    dropin = "/run/systemd/system/evse-safety.service.d"
    lines = r"[Service]\nExecStopPost=\nRestart=no\n"
    box.run(
        "sh", "-c", f"mkdir -p {dropin} && printf '{lines}' > {dropin}/none.conf && systemctl daemon-reload"
    )
    charge(box)
    box.run("kill", "-KILL", str(box.pid("evse-safety")))
    box.until(lambda: box.show("evse-safety", "ActiveState") == "failed", "dead")
    time.sleep(SAFE_WITHIN_S)
    assert box.mock(do="state")["contactor_closed"]


def test_a_killed_bridge_and_killed_instruments_end_nothing(box: Container) -> None:
    charge(box)
    before = box.pids()
    for program in ("evse-bridge", "evse-instruments"):
        box.run("kill", "-KILL", str(before[program]))
    until_connected(box, bridge=2, instruments=2)
    after = box.pids()
    assert after["evse-safety"] == before["evse-safety"]
    assert box.mock(do="state")["contactor_closed"]
    assert "contactor opens" not in box.journal("--unit=evse-safety")


def test_a_reset_is_carried_out_by_the_system(box: Container) -> None:
    def ask(word: str) -> None:
        box.run("sh", "-c", f"echo {word} > /run/evse-bridge/reset", user="evse-bridge")

    first = box.pids()
    ask("soft")
    box.until(lambda: box.pid("evse-bridge") not in (0, first["evse-bridge"]), "bridge started again")
    until_connected(box, bridge=2)
    assert box.pids() | {"evse-bridge": 0} == first | {"evse-bridge": 0}

    ask("hard")
    box.until(lambda: not {*box.pids().values()} & {0, *first.values()}, "all started again")
    until_connected(box, bridge=3, instruments=2)

    ask("format-disk")
    box.until(lambda: "'format-disk' is none of" in box.journal("--unit=evse-bridge-reset"), "refused")
    assert (box.runtime / "reset").read_text() == ""

    ask("reboot")
    assert box.ends() == REBOOT
    box.boot()
    until_connected(box)


def test_ends_in_order_at_a_shutdown_and_keeps_what_lasts(box: Container) -> None:
    charge(box)
    register_wh = box.mock(do="state")["register_wh"]
    box.power_off()
    stopped = [entry["UNIT"] for entry in box.entries("JOB_TYPE=stop", "JOB_RESULT=done")]
    services = [unit for unit in stopped if unit.startswith("evse-") and unit.endswith(".service")]
    services.remove("evse-local.service")  # at any time: nobody waits for it
    assert services == [
        f"{name}.service" for name in ("evse-bridge", "evse-instruments", "evse-safety", "evse-mock")
    ]
    ending = box.journal("--unit=evse-safety")
    in_order = [
        ending.index(said) for said in ("-> x1", "contactor opens", "safe_outputs: lines", "Deactivated")
    ]
    assert in_order == sorted(in_order)
    box.boot()
    until_connected(box)
    assert box.mock(do="state")["register_wh"] >= register_wh
    assert len(numbered(box)) == 1
    assert status(box).counters.closings >= 1  # in the life of the box


def test_the_owner_sees_the_sessions_whether_or_not_the_bridge_runs(box: Container) -> None:
    box.run("useradd", "--groups", "evse", "owner")
    charge(box)
    (session,) = numbered(box, "owner")
    assert "charging" in sessions(box)
    assert numbered(box) == [session]
    assert re.fullmatch("no permission for .*bridge.sock: use sudo, or .*", refused(box, "nobody"))

    box.run("systemctl", "stop", "evse-bridge.service")
    assert numbered(box) == [session]
    assert re.fullmatch(".*bridge/bridge.sqlite: Permission denied: use .* sudo", refused(box, "owner"))


def test_is_installed_on_a_system_that_runs(box: Container) -> None:
    """As the README says, on a machine that has seen none of it."""
    box.run("systemctl", "stop", "evse-mock.service", "evse-bridge.target", *PROGRAMS)
    for program in PROGRAMS:
        box.run("userdel", program)
    box.run("groupdel", "evse")
    box.run("rm", "-r", "/run/evse-bridge", "/var/lib/evse-bridge")
    box.run("sh", "-c", "rm -r $(find /usr/lib /etc/systemd -name '*evse-*')")
    box.run("systemctl", "daemon-reload")
    assert "evse" not in box.run("systemctl", "list-unit-files").stdout

    box.run(f"{SOURCES}/deploy/install-units", "/", "--mock", "--environment", VENV)
    box.run("systemctl", "enable", "--quiet", "--now", "evse-bridge.target")
    until_connected(box, bridge=2, instruments=2)
    charge(box)


def status(box: Container) -> Status:
    """As an observer is told."""
    observer, told = hello(box.runtime, "observer"), list[Status]()

    def is_told() -> bool:
        told.extend(of(Status, observer.heard()))
        return bool(told)

    box.until(is_told, "told")
    observer.close()
    return told[-1]


def sessions(box: Container, user: str = "root") -> str:
    return box.run(f"{VENV}/bin/evse-bridge", "sessions", user=user).stdout


def numbered(box: Container, user: str = "root") -> list[str]:
    """The number and the begin of each."""
    return re.findall(r"(?m)^(?:MOCK )? *(\d+  \d{4}-\d\d-\d\d \d\d:\d\d)", sessions(box, user))


def refused(box: Container, user: str) -> str:
    asked = box.run(f"{VENV}/bin/evse-bridge", "sessions", user=user, check=False)
    assert (asked.returncode, asked.stdout) == (1, "")
    return asked.stderr.strip()
