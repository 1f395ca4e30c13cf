-- What was asked under a request's id; empty in rows of before, which are taken as repeats.
ALTER TABLE requests ADD COLUMN operation TEXT NOT NULL DEFAULT '';
ALTER TABLE requests ADD COLUMN digest    BLOB NOT NULL DEFAULT x'';
