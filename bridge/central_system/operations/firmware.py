"""PURE: the operations of OCPP 1.6's FirmwareManagement profile."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from bridge.central_system.frames import OcppError
from bridge.central_system.operations.question import Answer, Question
from bridge.central_system.schemas import Payload
from bridge.core.errand import Upload
from bridge.core.maintenance.diagnostics import Plan
from bridge.core.maintenance.firmware import BusyError
from bridge.core.maintenance.location import LocationError, checked, upload_target
from bridge.core.now import Now
from bridge.core.reporting.observations import as_document, as_log

DEFAULT_RETRIES = 1
UPLOAD_INTERVAL_S = 60
DOWNLOAD_INTERVAL_S = 30  # a Zaptec's
DOWNLOAD_SCHEMES = ("http", "https")
NATIVE_FILE_NAME = "diagnostics_log.txt"
FILE_NAME_LIMIT = 255  # OCPP 1.6 6.22


def get_diagnostics(question: Question) -> Answer:
    """OCPP 1.6 5.9. Without anything of the time that is asked for there is no file, and no upload."""
    asked, charge_point = question.payload, question.charge_point
    location = _location(question, _protocols(question))
    start, stop = _moment(asked, "startTime"), _moment(asked, "stopTime")
    retries, interval_s = _times(asked, UPLOAD_INTERVAL_S)
    native = charge_point.provisioning.behaviour.mode == "native"
    seen = charge_point.reports.observations(question.now)
    observations = seen.within(start, stop) if native else seen.newest(stop)
    if not observations:
        return Answer({})
    if native:
        upload = Upload(location, NATIVE_FILE_NAME, as_log(observations), as_part=True)
    else:
        name = _file_name(charge_point.provisioning.charge_point_id, question.now)
        url, name = upload_target(location, name)
        upload = Upload(url, name, as_document(observations), as_part=False)
    charge_point.maintenance.diagnostics.request(Plan(upload, retries, interval_s), question.now)
    return Answer({"fileName": upload.file_name[:FILE_NAME_LIMIT]})


def update_firmware(question: Question) -> Answer:
    """OCPP 1.6 5.19. Behind its cloud a Zaptec ignores what is asked: its own source, at once."""
    charge_point, asked = question.charge_point, question.payload
    firmware = charge_point.maintenance.firmware
    try:
        if charge_point.provisioning.behaviour.mode == "native":
            location = _location(question, DOWNLOAD_SCHEMES)
            at = _moment(asked, "retrieveDate") or question.now.utc
            firmware.request(location, at, *_times(asked, DOWNLOAD_INTERVAL_S))
        elif source := charge_point.provisioning.firmware_source:
            firmware.request(source, question.now.utc, DEFAULT_RETRIES, DOWNLOAD_INTERVAL_S)
        else:
            firmware.refuse()
    except BusyError as error:
        raise OcppError("GenericError", str(error)) from None
    return Answer({})


def _protocols(question: Question) -> list[str]:
    return question.charge_point.configuration.text("SupportedFileTransferProtocols").lower().split(",")


def _location(question: Question, schemes: Collection[str]) -> str:
    """Raises OcppError for any other scheme."""
    try:
        return checked(question.payload["location"], schemes)
    except LocationError as error:
        raise OcppError("PropertyConstraintViolation", str(error)) from None


def _file_name(charge_point_id: str, now: Now) -> str:
    return f"diagnostics_{charge_point_id}_{now.utc:%Y%m%dT%H%M%SZ}.json"


def _times(asked: Payload, interval_s: int) -> tuple[int, int]:
    """Returns (further tries, seconds between them)."""
    return asked.get("retries", DEFAULT_RETRIES), asked.get("retryInterval", interval_s)


def _moment(asked: Payload, name: str) -> datetime | None:
    """RFC 3339; a time without an offset is UTC."""
    if name not in asked:
        return None
    try:
        moment = datetime.fromisoformat(asked[name])
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise OcppError("PropertyConstraintViolation", f"{name} = {asked[name][:40]!r} is no time") from None
