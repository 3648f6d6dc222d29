-- What is remembered of a transaction that is over names its plug-in too: [owner of the cable, plug-in].
UPDATE remembered SET value = CASE value WHEN '' THEN '[null, null]' ELSE '[' || value || ', null]' END
WHERE name = 'finishing';
