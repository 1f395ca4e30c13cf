CREATE TABLE schedules (
    name     TEXT    PRIMARY KEY,
    state    TEXT    NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
