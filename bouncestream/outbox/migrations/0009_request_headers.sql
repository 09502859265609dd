-- Headers of a request that its provider's file reads, such as an id, are kept with its body for when it is judged again.
ALTER TABLE raw ADD COLUMN headers TEXT NOT NULL DEFAULT '';
