CREATE TABLE merges (
    op              TEXT    PRIMARY KEY,
    stream          TEXT    NOT NULL,
    thread          TEXT    NOT NULL,
    lineage         TEXT    NOT NULL,
    repository      TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    target          TEXT    NOT NULL,
    strategy        TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    requested_by    TEXT    NOT NULL,
    message         TEXT    NOT NULL,
    source_tip      TEXT    NOT NULL,
    force           INTEGER NOT NULL,
    review          TEXT    NOT NULL,
    queued_position INTEGER NOT NULL,
    queued_at       REAL    NOT NULL,
    started_at      REAL,
    ended_position  INTEGER,
    ended_at        REAL,
    kind            TEXT,
    target_old      TEXT,
    new_commit      TEXT,
    open            INTEGER NOT NULL DEFAULT 1,
    summary         TEXT    NOT NULL DEFAULT '',
    handed_back_to  TEXT    NOT NULL DEFAULT '',
    code            TEXT    NOT NULL DEFAULT '',
    error           TEXT    NOT NULL DEFAULT '',
    conflicts       TEXT    NOT NULL DEFAULT '[]'
) STRICT, WITHOUT ROWID;

CREATE INDEX merges_by_thread ON merges (thread, queued_position);
CREATE INDEX merges_by_place ON merges (queued_position);
CREATE INDEX merges_open ON merges (queued_position) WHERE open;
