CREATE TABLE messages (
    number          INTEGER PRIMARY KEY,
    message         TEXT    NOT NULL UNIQUE,
    thread          TEXT    NOT NULL,
    sender          TEXT    NOT NULL,
    recipient       TEXT    NOT NULL,
    intent          TEXT    NOT NULL,
    body            TEXT    NOT NULL,
    batch           TEXT,
    skip_handoff    INTEGER NOT NULL,
    depth           INTEGER NOT NULL,
    execution       TEXT,
    lineage         TEXT    NOT NULL,
    at              REAL    NOT NULL,
    verdict         TEXT    NOT NULL,
    work_repository TEXT,
    work_branch     TEXT,
    work_snapshot   TEXT
) STRICT;

CREATE INDEX messages_by_thread ON messages (thread, number, lineage);
CREATE INDEX messages_by_lineage ON messages (lineage, number);
