-- What a sample is for, beside its own message: measurands of transactionData (empty: it is not for it).
-- measurands is empty where a sample has no message of its own. interval_wh, contacts_c: NULL is not known.
ALTER TABLE samples ADD COLUMN stop_measurands TEXT NOT NULL DEFAULT '';
ALTER TABLE samples ADD COLUMN interval_wh INTEGER;
ALTER TABLE samples ADD COLUMN contacts_c REAL;
