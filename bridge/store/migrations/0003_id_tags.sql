-- The local authorization list. tag: the idTag in small letters. expires_at: NULL is never.
CREATE TABLE local_list (
    tag           TEXT NOT NULL PRIMARY KEY,
    status        TEXT NOT NULL,
    parent_id_tag TEXT,
    expires_at    TEXT
) STRICT, WITHOUT ROWID;

-- One record: as it was last sent, whether or not the list is empty.
CREATE TABLE local_list_version (
    version INTEGER NOT NULL
) STRICT;
INSERT INTO local_list_version (version) VALUES (0);

-- What the Central System last said of other idTags. told: rises with each answer, so the oldest has the least.
CREATE TABLE authorization_cache (
    told          INTEGER PRIMARY KEY,
    tag           TEXT NOT NULL UNIQUE,
    status        TEXT NOT NULL,
    parent_id_tag TEXT,
    expires_at    TEXT
) STRICT;

ALTER TABLE transactions ADD COLUMN reservation_id INTEGER;
