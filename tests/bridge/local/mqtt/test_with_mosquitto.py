"""The owner's side as a process, with a real broker."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiomqtt
import pytest
import trustme

from bridge.local.orders import Reply, SetOwnerLimit, StartCharging, StopCharging
from bridge.local.state.state import Queue
from tests.bridge.local.desk_model import HERE, SERIAL
from tests.bridge.local.mqtt.mosquitto import Mosquitto, broker, needs_mosquitto, observing
from tests.bridge.local.owner_side import OwnerSide, owner_side
from tests.bridge.local.states import CHARGING, changed
from tests.system.waiting import until

pytestmark = [pytest.mark.real, needs_mosquitto]
BASE = f"evse-bridge/{SERIAL}"
POWER = f"homeassistant/sensor/evse_bridge_{SERIAL}/power/config"
STOP = f"homeassistant/button/evse_bridge_{SERIAL}/stop/config"
DRIVES = changed(CHARGING, box={"serial": SERIAL}, mock=True)


@pytest.fixture
async def side() -> AsyncIterator[OwnerSide]:
    async with owner_side() as made:
        yield made


def mqtt(port: int, more: str = "", scheme: str = "mqtt", host: str = "127.0.0.1") -> str:
    return f'[mqtt]\nbroker = "{scheme}://{host}:{port}"\n{more}\n'


async def test_a_day_with_a_broker(side: OwnerSide) -> None:
    """Down at the start, then there, restarted, the bridge away, Home Assistant started, our own end."""
    async with broker(side.folder) as made, side.desk.open():
        await side.start(mqtt(made.port))
        await side.says("Connection refused")
        await made.start()
        async with observing(made.port) as seen:
            await until(lambda: seen.json(f"{BASE}/state").get("status") == "Available", "the State")
            await until(lambda: seen.json(POWER).get("device_class") == "power", "discovery")
            assert seen.text(f"{BASE}/availability") == seen.text(f"{BASE}/bridge") == "online"
            assert STOP not in {topic for topic, payload, _ in seen.all if payload}
            side.desk.state = DRIVES
            await until(lambda: seen.json(f"{BASE}/state").get("charging") is True, "the change")
            before = [topic for topic, _, _ in seen.all].count(POWER)
            await seen.client.publish("homeassistant/status", "online")
            await until(lambda: [topic for topic, _, _ in seen.all].count(POWER) > before, "discovery again")
        await made.end()
        await made.start()
        async with observing(made.port) as seen:
            await until(lambda: seen.json(f"{BASE}/state").get("charging") is True, "it is back")
            assert seen.json(POWER)["unit_of_measurement"] == "W"
            await side.end()
            await until(lambda: seen.text(f"{BASE}/availability") == "offline", "the goodbye")


async def test_the_bridge_away_is_told_and_the_serial_number_is_remembered(side: OwnerSide) -> None:
    (side.folder / "state").mkdir()
    (side.folder / "state" / "mqtt-serial").write_text(SERIAL)
    async with broker(side.folder) as made:
        await made.start()
        async with side.desk.open():
            await side.start(mqtt(made.port))
            async with observing(made.port) as seen:
                await until(lambda: seen.text(f"{BASE}/bridge") == "online", "the bridge is there")
        async with observing(made.port) as seen:
            await until(lambda: seen.text(f"{BASE}/bridge") == "offline", "the bridge is away")
            assert seen.text(f"{BASE}/availability") == "online"


async def test_the_last_will_of_a_killed_program(side: OwnerSide) -> None:
    async with broker(side.folder) as made, side.desk.open():
        await made.start()
        async with observing(made.port) as seen:
            await side.start(mqtt(made.port))
            await until(lambda: seen.text(f"{BASE}/availability") == "online", "it is there")
            await side.kill()
            await until(lambda: seen.text(f"{BASE}/availability") == "offline", "the last will")


async def test_commands_are_off_unless_allowed(side: OwnerSide) -> None:
    async with broker(side.folder) as made, side.desk.open():
        await made.start()
        async with observing(made.port) as seen:
            await side.start(mqtt(made.port))
            await until(lambda: seen.json(f"{BASE}/state"), "it is there")
            for name in ("start", "stop", "limit"):
                await seen.client.publish(f"{BASE}/set/{name}", "6", qos=1)
            side.desk.state = DRIVES
            await until(lambda: seen.json(f"{BASE}/state").get("charging") is True, "time has passed")
            assert side.desk.ordered == []
            assert f"{BASE}/answer" not in seen.last


async def test_commands_are_carried_out_and_answered(side: OwnerSide) -> None:
    async with broker(side.folder) as made, side.desk.open():
        await made.start()
        async with observing(made.port) as seen:
            for name in ("start", "stop", "limit"):  # what stands there is old, whoever left it
                await seen.client.publish(f"{BASE}/set/{name}", "6", qos=1, retain=True)
            await side.start(mqtt(made.port, 'commands = true\nid_tag = "HOME"'))
            await until(lambda: seen.json(STOP).get("command_topic") == f"{BASE}/set/stop", "the button")

            async def commanded(name: str, payload: bytes, result: str) -> str:
                seen.last.pop(f"{BASE}/answer", None)
                await seen.client.publish(f"{BASE}/set/{name}", payload, qos=1)
                await until(lambda: seen.json(f"{BASE}/answer"), f"the answer to {name}")
                answer = seen.json(f"{BASE}/answer")
                assert (answer["command"], answer["result"]) == (name, result)
                return str(answer["why"])

            await commanded("start", b"PRESS", "Accepted")
            await commanded("limit", b"10", "Accepted")
            assert "no UTF-8" in await commanded("limit", b"\xff3", "Refused")
            assert "must be 0" in await commanded("limit", b"3", "Refused")
            assert "64 at most" in await commanded("start", b"x" * 5000, "Refused")
            side.desk.reply = Reply("Rejected", why="There is no session.")
            assert await commanded("stop", b"", "Rejected") == "There is no session."
            assert side.desk.ordered == [StartCharging("HOME"), SetOwnerLimit(10.0), StopCharging()]


async def test_retained_rubbish_on_all_topics(side: OwnerSide) -> None:
    rubbish = [b"\xff\xfe\x00", b"{" * 1000, b"", b"online" * 50_000]  # the last is longer than we read
    topics = [f"{BASE}/{name}" for name in ("availability", "bridge", "state", "meter", "answer", "message")]
    topics += [f"{BASE}/set/{name}" for name in ("start", "stop", "limit", "x/y", "x")]
    topics += [POWER, STOP, "homeassistant/status"]
    async with broker(side.folder) as made, side.desk.open():
        await made.start()
        async with aiomqtt.Client("127.0.0.1", made.port) as client:
            for number, topic in enumerate(topics):
                await client.publish(topic, rubbish[number % 4], qos=1, retain=True)
        await side.start(mqtt(made.port, "commands = true"))
        await side.says("connected")
        async with observing(made.port) as seen:
            await until(lambda: seen.json(POWER).get("device_class") == "power", "ours stands there")
            await until(lambda: seen.text(f"{BASE}/availability") == "online", "ours stands there")
            await until(lambda: b"Available" in seen.last.get(f"{BASE}/state", b""), "ours stands there")
            assert side.desk.ordered == []


async def test_a_broker_that_stands_still_holds_up_nothing(side: OwnerSide) -> None:
    async with broker(side.folder) as made, side.desk.open():
        await made.start()
        await side.start(mqtt(made.port))
        await side.says("connected")
        made.send(signal.SIGSTOP)
        side.desk.state = DRIVES
        await side.says("again in")
        made.send(signal.SIGCONT)
        async with observing(made.port) as seen:
            await until(lambda: seen.json(f"{BASE}/state").get("charging") is True, "the newest State")
        made.send(signal.SIGSTOP)
        await side.end()


async def test_a_wrong_password_is_said_and_never_shown(side: OwnerSide) -> None:
    made = await _with_password(side)
    try:
        (side.folder / "config").mkdir()
        secret = side.folder / "config" / "secret"
        secret.write_text("wrong-secret\n")
        secret.chmod(0o600)
        async with side.desk.open():
            await side.start(mqtt(made.port, 'user = "box"\npassword_file = "secret"'))
            await side.says("Not authorized")
            secret.write_text("right-secret\n")  # it is read again each time
            await side.says("connected to")
        assert "secret" not in side.log.replace(str(secret), "")
    finally:
        await made.end()


async def _with_password(side: OwnerSide) -> Mosquitto:
    """Mosquitto's password file, made as its own tool does: sha512-pbkdf2."""
    passwords = side.folder / "passwords"
    passwords.write_text("box:right-secret\n")
    made_by = await asyncio.create_subprocess_exec("mosquitto_passwd", "-U", str(passwords))
    assert await made_by.wait() == 0
    made = Mosquitto(side.folder, f"password_file {passwords}\n", anonymous=False)
    await made.start()
    return made


async def test_tls_is_checked(side: OwnerSide) -> None:
    authority = trustme.CA()
    (side.folder / "config").mkdir()
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(side.folder / "both.pem")
    authority.cert_pem.write_to_path(side.folder / "config" / "ca.pem")
    both = side.folder / "both.pem"
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(broker(side.folder, f"certfile {both}\nkeyfile {both}\n"))
        await stack.enter_async_context(side.desk.open())
        await made.start()
        await side.start(mqtt(made.port, scheme="mqtts", host="localhost"))
        await side.says("certificate verify failed")
        await side.end()
        await side.start(mqtt(made.port, 'ca_file = "ca.pem"', scheme="mqtts", host="localhost"))
        await side.says("connected to")
        await side.end()
        await side.start(mqtt(made.port, 'ca_file = "none.pem"', scheme="mqtts", host="localhost"))
        await side.says("mqtt.ca_file")


async def test_a_message_is_published_once_and_not_retained(side: OwnerSide) -> None:
    async with broker(side.folder) as made, side.desk.open():
        await made.start()
        side.desk.state = changed(HERE, queue=Queue(waiting=0, dead_letters=2))
        settings = mqtt(made.port) + "[messages]\nmqtt = true\n"
        async with observing(made.port) as seen:
            await side.start(settings)
            await until(lambda: seen.json(f"{BASE}/message").get("kind") == "dead_letters", "the message")
            await until(lambda: seen.json(f"{BASE}/state").get("problem") is True, "the binary sensor")
            await side.end()
            await side.start(settings)
            await until(lambda: side.log.count("connected to") == 2, "it is back")
            side.desk.state = DRIVES
            await until(lambda: seen.json(f"{BASE}/state").get("charging") is True, "time has passed")
        told = [payload for topic, payload, _ in seen.all if topic == f"{BASE}/message"]
        assert len(told) == 1, told
        async with observing(made.port) as later:
            await until(lambda: later.json(f"{BASE}/state"), "what is retained")
            assert f"{BASE}/message" not in later.last


NO_BIND = """
import asyncio, sys
from bridge.local.mqtt.connection import Access, connected

def refuse(event, arguments):
    if event == "socket.bind":
        raise PermissionError("bind")

async def once(port):
    access = Access("127.0.0.1", port, None, None, None, "evse1", "a", "b")
    async with connected(access) as client:
        await client.publish("x", "y", qos=1)

sys.addaudithook(refuse)
asyncio.run(once(int(sys.argv[1])))
"""


async def test_nothing_is_bound_because_the_unit_forbids_it(side: OwnerSide) -> None:
    """SocketBindDeny= of evse-local.service: only the port of the page."""
    async with broker(side.folder) as made:
        await made.start()
        tried = await asyncio.create_subprocess_exec(sys.executable, "-c", NO_BIND, str(made.port))
        assert await tried.wait() == 0
