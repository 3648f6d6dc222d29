-- When the grid operator dimmed the box, as proof; moments as in transactions. The newest are kept.
CREATE TABLE dimmings (
    dimming_id     INTEGER NOT NULL PRIMARY KEY,
    boot_id        TEXT NOT NULL,
    began_at       TEXT NOT NULL,
    limit_w        REAL NOT NULL,
    obeyed_at      TEXT,
    ended_at       TEXT,
    time_estimated INTEGER NOT NULL DEFAULT 0
) STRICT;
