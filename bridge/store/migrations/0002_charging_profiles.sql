-- Installed charging profiles. Moments are whole seconds since 1970, as schedules count.
-- row_id: of a TxProfile, the transaction it dies with. periods: JSON, [[start_s, limit, number_phases], ...].
CREATE TABLE charging_profiles (
    profile_id   INTEGER PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    purpose      TEXT NOT NULL,
    stack_level  INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    unit         TEXT NOT NULL,
    periods      TEXT NOT NULL,
    received_at  INTEGER NOT NULL,
    start_at     INTEGER,
    duration_s   INTEGER,
    recurrency   TEXT,
    valid_from   INTEGER,
    valid_to     INTEGER,
    min_rate     REAL,
    row_id       INTEGER REFERENCES transactions
) STRICT;
