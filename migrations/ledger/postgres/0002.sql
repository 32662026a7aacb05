-- What a ledger and each environment are known by until something changes in them: random, so that no two states share it,
-- whatever becomes of clocks and of databases that are restored.
ALTER TABLE ledger ADD COLUMN revision TEXT NOT NULL DEFAULT '';
ALTER TABLE ledger_environment ADD COLUMN revision TEXT NOT NULL DEFAULT '';
UPDATE ledger SET revision = md5(random()::text || clock_timestamp()::text);
UPDATE ledger_environment SET revision = md5(random()::text || clock_timestamp()::text || uuid);

-- A process of an older version that still has the ledger open would not set it: by the new name its writing fails.
ALTER TABLE ledger RENAME COLUMN changed_at TO last_change;
