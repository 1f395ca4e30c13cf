CREATE TABLE fan_outs (
    execution TEXT    PRIMARY KEY,
    thread    TEXT    NOT NULL,
    lineage   TEXT    NOT NULL,
    join_by   TEXT,
    position  INTEGER NOT NULL,
    open      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX open_fan_outs ON fan_outs (thread) WHERE open;
