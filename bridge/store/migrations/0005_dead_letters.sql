-- swallowed: so often the message alone was not answered, though the Central System answered others.
ALTER TABLE outbox ADD COLUMN swallowed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE set_aside ADD COLUMN swallowed INTEGER NOT NULL DEFAULT 0;

-- A row given up for a reason that may pass is offered again by itself.
ALTER TABLE transactions ADD COLUMN given_up_for_now INTEGER NOT NULL DEFAULT 0;
UPDATE transactions SET given_up_for_now = 1
WHERE given_up LIKE '% was answered with InternalError%' OR given_up LIKE '% was answered with GenericError%';
