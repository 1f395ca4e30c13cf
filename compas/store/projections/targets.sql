CREATE TABLE targets (
    stream   TEXT    PRIMARY KEY,
    known    TEXT    NOT NULL DEFAULT '',
    held     TEXT,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
