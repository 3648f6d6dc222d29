"""PURE: what each configuration key does, in one line; `docs/keys.md` says the same."""

from __future__ import annotations

from bridge.core.configuration.authorization_key import AUTHORIZATION_KEY

MEANINGS: dict[str, str] = {
    "NumberOfConnectors": "one connector",
    "SupportedFeatureProfiles": "the profiles of OCPP 1.6: all six",
    "WebSocketPingInterval": "seconds between pings; a missing pong ends the connection. 0: no pings",
    "AuthorizeRemoteTxRequests": "true: a RemoteStartTransaction is authorized like a card",
    "StopTransactionOnEVSideDisconnect": "a transaction always ends when the car leaves",
    "StopTransactionOnInvalidId": (
        "true: a transaction whose StartTransaction.conf is not Accepted ends. False: it stays open, "
        "without current"
    ),
    "MeterValueSampleInterval": "seconds between the values of a transaction; 0: none",
    "HeartbeatInterval": "seconds since our last CALL. The interval of BootNotification.conf is stored here",
    "ChargeProfileMaxStackLevel": "highest allowed stackLevel",
    "ChargingScheduleAllowedChargingRateUnit": "amps, and with cloud watts",
    "ChargingScheduleMaxPeriods": "periods of one schedule",
    "MaxChargingProfilesInstalled": "number of profiles; also the highest allowed id",
    "LocalPreAuthorize": "true: a card that the local list or the cache accepts starts without Authorize",
    "LocalAuthorizeOffline": "true: offline, list and cache decide. False: offline, every card is refused",
    "SendLocalListMaxLength": "entries of one SendLocalList",
    "FreeCharging": (
        "true: a car that is plugged in charges without a card. Read-only while "
        "zaptec.authorization_required is false"
    ),
    "FreeChargingIdTag": "the idTag of a free transaction. Set it: many Central Systems refuse an empty one",
    "LockCablePermanently": "true: the socket locks every cable always, as if it were fixed",
    "AllowOfflineTxForUnknownId": "true: offline, a card that neither list nor cache knows may start",
    "AuthorizationCacheEnabled": "true: the last 128 idTags are remembered",
    "ClockAlignedDataInterval": "seconds between clock-aligned values; 0: none",
    "ConnectionTimeOut": (
        "seconds that a presented card waits for a car; 0: until it is cancelled. With native a remote "
        "start waits as long; with cloud it waits 120 s"
    ),
    "ConnectorPhaseRotation": "how the phases are wired to the box",
    "ConnectorPhaseRotationMaxLength": "entries of it: connector 0 and 1",
    "ConnectorSwitch3to1PhaseSupported": "the box cannot switch phases",
    "GetConfigurationMaxKeys": "keys that one GetConfiguration may ask for",
    "LocalAuthListEnabled": "true: the local list counts and can be sent",
    "LocalAuthListMaxLength": "entries of the whole list",
    "MaxEnergyOnInvalidId": "Wh that a transaction may still charge after its idTag was refused",
    "MessageTimeout": "seconds that an answer may take; 60 for messages of transactions",
    "MeterValuesAlignedData": "measurands of the clock-aligned values",
    "MeterValuesAlignedDataMaxLength": "how many measurands MeterValuesAlignedData may name",
    "MeterValuesSampledData": "measurands of begin, interval, end and trigger",
    "MeterValuesSampledDataMaxLength": "how many measurands MeterValuesSampledData may name",
    "MinimumStatusDuration": (
        "seconds that Charging, SuspendedEV or SuspendedEVSE must last before it is sent"
    ),
    "PowerActiveImportDeltaForEagerMeterValueSample": (
        "watts: after a larger change values are sent at once; 0: off"
    ),
    "ReserveConnectorZeroSupported": "connector 0 may be reserved",
    "ResetRetries": "how often a Reset that failed is tried again",
    "StopTransactionMaxMeterValues": "elements of StopTransaction's transactionData",
    "StopTxnAlignedData": "measurands of the clock-aligned values in transactionData",
    "StopTxnAlignedDataMaxLength": "how many measurands StopTxnAlignedData may name",
    "StopTxnSampledData": "measurands of begin, interval and end in transactionData",
    "StopTxnSampledDataMaxLength": "how many measurands StopTxnSampledData may name",
    "SupportedFeatureProfilesMaxLength": "how many profiles could be named",
    "SupportedFileTransferProtocols": "what GetDiagnostics may name",
    "TransactionMessageAttempts": (
        "how often a message of a transaction is sent when it is answered with an error"
    ),
    "TransactionMessageRetryInterval": "seconds before the next attempt, times the attempts so far",
    "UnlockConnectorOnEVSideDisconnect": (
        "false: when the car leaves in a transaction, its cable stays locked until the card that "
        "started it is presented. Read-only while LockCablePermanently is true"
    ),
    "UseAuthorizationKeyWithoutDecoding": "true: AuthorizationKey is the password itself, not hex",
    AUTHORIZATION_KEY: "the password of the link; GetConfiguration never shows it",
}
