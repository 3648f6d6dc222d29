-- time_estimated: some moments of this row are not of a clock that knew the time.
-- A moment before 2000 is so many seconds of the boot of its row, and waits for its date.
ALTER TABLE transactions ADD COLUMN time_estimated INTEGER NOT NULL DEFAULT 0;
CREATE INDEX undated ON transactions (row_id) WHERE started_at < '2000';
