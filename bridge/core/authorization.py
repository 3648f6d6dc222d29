"""OCPP 1.6 4.1, 3.5: who may charge, as far as it is not asked of the Central System."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.core.configuration import Configuration


@dataclass(frozen=True, slots=True)
class AuthorizeAnswer:
    """The idTagInfo of a Central System."""

    status: str  # Accepted, Blocked, Expired, Invalid, ConcurrentTx
    parent_id_tag: str | None = None

    @property
    def accepted(self) -> bool:
        """Anything but Accepted refuses."""
        return self.status == "Accepted"


def offline_answer(configuration: Configuration) -> AuthorizeAnswer:
    """For a tag that nothing local knows: only AllowOfflineTxForUnknownId lets it charge."""
    allowed = configuration.is_on("LocalAuthorizeOffline") and configuration.is_on(
        "AllowOfflineTxForUnknownId"
    )
    return AuthorizeAnswer("Accepted" if allowed else "Invalid")
