-- Sessions. They stay after delivery, as the history of this charge point.
-- AUTOINCREMENT: a row id is never given twice, even after rows were deleted.
CREATE TABLE transactions (
    row_id         INTEGER PRIMARY KEY AUTOINCREMENT,
    boot_id        TEXT NOT NULL,
    connector_id   INTEGER NOT NULL,
    id_tag         TEXT NOT NULL,
    parent_id_tag  TEXT,
    meter_start_wh INTEGER NOT NULL,
    started_at     TEXT NOT NULL,
    transaction_id INTEGER,
    id_tag_status  TEXT,
    stopped_at     TEXT,
    meter_stop_wh  INTEGER,
    stop_reason    TEXT,
    stop_id_tag    TEXT,
    stop_estimated INTEGER NOT NULL DEFAULT 0,
    given_up       TEXT
) STRICT;

CREATE INDEX open_transactions ON transactions (row_id) WHERE stopped_at IS NULL;
CREATE INDEX dead_letters ON transactions (row_id) WHERE given_up IS NOT NULL;

-- Kept until the stop of their transaction is delivered: its transactionData may need them.
CREATE TABLE samples (
    row_id       INTEGER NOT NULL REFERENCES transactions,
    seq          INTEGER NOT NULL,
    at           TEXT NOT NULL,
    context      TEXT NOT NULL,
    energy_wh    INTEGER NOT NULL,
    power_w      REAL NOT NULL,
    current_l1_a REAL NOT NULL,
    current_l2_a REAL NOT NULL,
    current_l3_a REAL NOT NULL,
    voltage_l1_v REAL NOT NULL,
    voltage_l2_v REAL NOT NULL,
    voltage_l3_v REAL NOT NULL,
    offered_a    REAL NOT NULL,
    measurands   TEXT NOT NULL,
    PRIMARY KEY (row_id, seq)
) STRICT, WITHOUT ROWID;

-- One record a message not yet delivered; the primary key is the order of sending.
-- place: 0 start, 1 values, 2 stop. seq: of the sample, 0 for start and stop.
CREATE TABLE outbox (
    row_id   INTEGER NOT NULL REFERENCES transactions,
    place    INTEGER NOT NULL CHECK (place IN (0, 1, 2)),
    seq      INTEGER NOT NULL,
    frozen   TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (row_id, place, seq)
) STRICT, WITHOUT ROWID;

-- The same for the messages of rows given up: they are out of the way of the outbox, but not lost.
CREATE TABLE set_aside (
    row_id   INTEGER NOT NULL REFERENCES transactions,
    place    INTEGER NOT NULL CHECK (place IN (0, 1, 2)),
    seq      INTEGER NOT NULL,
    frozen   TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (row_id, place, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE remembered (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
