"""One story with every operation of OCPP 1.6, both ways, each with its effect; the same with any partner.

What must come of it is `EFFECTS`, by mode, and what the car received: whoever listens has to write that down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bridge.demo.ledger import Payload
from tests.bridge.jobs.servers import HttpServer
from tests.scenarios.script import Mode
from tests.system.world import CARD, REGISTER_WH, World

TX_DEFAULT_A = 10.0
FAR_AWAY = "2099-01-01T00:00:00Z"
PROFILE = {
    "chargingProfileId": 24,
    "stackLevel": 8,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "startSchedule": "2026-01-01T00:00:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": TX_DEFAULT_A}],
    },
}
LISTED = [{"idTag": CARD, "idTagInfo": {"status": "Accepted", "expiryDate": FAR_AWAY}}]
# (idTag, reason, idTag at the stop) of each transaction.
EFFECTS: dict[Mode, list[tuple[str, str, str | None]]] = {
    "cloud": [(CARD, "Remote", None), (CARD, "Local", CARD)],
    "native": [(CARD, "Remote", None), (CARD, "UnlockCommand", None)],
}


@dataclass
class Story:
    """`tell` raises AssertionError where an effect stays away."""

    world: World
    mode: Mode
    server: HttpServer
    asked: set[str] = field(default_factory=set)  # operations of the Central System
    received_wh: list[float] = field(default_factory=list)  # by the car, in each transaction

    async def tell(self) -> None:
        await self.keys_and_lists()
        await self.availability_and_reservation()
        await self.profile()
        await self.by_card()
        await self.from_afar()
        await self.errands()
        await self.reset()

    async def call(self, action: str, **payload: object) -> Payload:
        self.asked.add(action)
        return await self.world.central_system.call(action, payload)

    async def accepted(self, action: str, **payload: object) -> None:
        assert await self.call(action, **payload) == {"status": "Accepted"}

    async def until_told(self, action: str, **wanted: object) -> None:
        """Such a request came, now or before."""

        def told() -> bool:
            requests = self.world.central_system.requests(action)
            return any(wanted.items() <= request.items() for request in requests)

        await self.world.until(told, f"{action} {wanted}")

    # The chapters

    async def keys_and_lists(self) -> None:
        every = await self.call("GetConfiguration")
        keys = {key["key"]: key.get("value") for key in every["configurationKey"]}
        assert keys["NumberOfConnectors"] == "1"
        await self.accepted("ChangeConfiguration", key="LocalPreAuthorize", value="true")
        one = await self.call("GetConfiguration", key=["LocalPreAuthorize", "NoSuchKey"])
        assert (one["configurationKey"][0]["value"], one["unknownKey"]) == ("true", ["NoSuchKey"])
        await self.accepted("ChangeConfiguration", key="LocalPreAuthorize", value="false")
        assert await self.call("GetLocalListVersion") == {"listVersion": 0}
        await self.accepted("SendLocalList", listVersion=7, updateType="Full", localAuthorizationList=LISTED)
        assert await self.call("GetLocalListVersion") == {"listVersion": 7}
        await self.accepted("ClearCache")
        answer = await self.call("DataTransfer", vendorId="org.example", messageId="m", data="d")
        assert answer == {"status": "UnknownVendorId"}
        await self.accepted("TriggerMessage", requestedMessage="Heartbeat")
        await self.until_told("Heartbeat")

    async def availability_and_reservation(self) -> None:
        await self.accepted("ChangeAvailability", connectorId=1, type="Inoperative")
        await self.world.until_status("Unavailable")
        await self.accepted("ChangeAvailability", connectorId=0, type="Operative")
        await self.world.until_status("Available")
        await self.accepted(
            "ReserveNow", connectorId=1, idTag="0099999999", reservationId=5, expiryDate=FAR_AWAY
        )
        await self.world.until_status("Reserved")
        await self.accepted("CancelReservation", reservationId=5)
        await self.world.until_status("Available")

    async def profile(self) -> None:
        await self.accepted("SetChargingProfile", connectorId=1, csChargingProfiles=PROFILE)
        composite = await self.call("GetCompositeSchedule", connectorId=1, duration=60, chargingRateUnit="A")
        (period,) = composite["chargingSchedule"]["chargingSchedulePeriod"]
        assert (period["startPeriod"], period["limit"]) == (0, TX_DEFAULT_A)

    async def by_card(self) -> None:
        w = self.world
        await w.do("plug-in")
        await w.do("swipe", tag=CARD)
        await w.until_status("Charging")
        assert (await w.plant())["pilot"] == TX_DEFAULT_A
        await self.accepted("ClearChargingProfile", id=24)
        await self.accepted("TriggerMessage", requestedMessage="MeterValues", connectorId=1)
        await self.until_told("MeterValues", transactionId=1)
        await w.until_charged_wh(200)
        await self.accepted("RemoteStopTransaction", transactionId=1)
        await self.over()

    async def from_afar(self) -> None:
        w = self.world
        await self.accepted("RemoteStartTransaction", idTag=CARD, connectorId=1)
        await w.until_status("Preparing")
        await w.do("plug-in")
        await w.until_status("Charging")
        await w.until_charged_wh(200)
        unlocked = await self.call("UnlockConnector", connectorId=1)
        if self.mode == "cloud":
            assert unlocked == {"status": "NotSupported"}
            assert w.told == ("Charging", "NoError")
            await w.do("swipe", tag=CARD)
        else:
            assert unlocked == {"status": "Unlocked"}
        await self.over()

    async def over(self) -> None:
        await self.world.until_status("Finishing")
        self.received_wh.append(await self.world.received_wh())
        await self.world.leave()

    async def errands(self) -> None:
        """Diagnostics that arrive; firmware that is not there."""
        named = await self.call("GetDiagnostics", location=f"{self.server.base}/in/", retries=0)
        await self.until_told("DiagnosticsStatusNotification", status="Uploading")
        await self.until_told("DiagnosticsStatusNotification", status="Uploaded")
        assert named["fileName"]
        assert [got.method for got in self.server.got] == ["POST"]
        where = f"{self.server.base}/firmware.tar"
        await self.call("UpdateFirmware", location=where, retrieveDate="2026-01-01T00:00:00Z", retries=0)
        await self.until_told("FirmwareStatusNotification", status="Downloading")
        await self.until_told("FirmwareStatusNotification", status="DownloadFailed")

    async def reset(self) -> None:
        boots = self.world.central_system.ledger.boots
        await self.accepted("Reset", type="Soft")
        await self.world.until(lambda: len(boots) == 2, "BootNotification again")

    # What came of it

    def judge(self) -> None:
        """The ledger holds exactly these effects, and what the car received."""
        transactions = list(self.world.central_system.ledger.transactions.values())
        assert [effect(each.start, each.stops) for each in transactions] == EFFECTS[self.mode]
        for transaction, received_wh in zip(transactions, self.received_wh, strict=True):
            assert transaction.energy_wh is not None
            assert abs(transaction.energy_wh - received_wh) <= 1 + 2 * REGISTER_WH
            assert transaction.values


def effect(start: Payload, stops: list[Payload]) -> tuple[str, str, str | None]:
    """Raises ValueError unless there is one stop."""
    (stop,) = stops
    return start["idTag"], stop["reason"], stop.get("idTag")


def meters(transactions: list[tuple[Payload, list[Payload]]]) -> list[tuple[Any, ...]]:
    """(transactionId, idTag, meterStart, meterStop, reason) of each."""
    return [
        (stop["transactionId"], start["idTag"], start["meterStart"], stop["meterStop"], stop["reason"])
        for start, (stop,) in transactions
    ]
