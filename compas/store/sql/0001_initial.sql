-- The log: append-only. Positions are given out by the writer, so that they have no gaps.
CREATE TABLE events (
    position    INTEGER PRIMARY KEY,
    stream      TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    tag         TEXT    NOT NULL,
    tag_version INTEGER NOT NULL,
    payload     TEXT    NOT NULL,
    at          REAL    NOT NULL,
    causation   TEXT    NOT NULL,
    lineage     TEXT    NOT NULL,
    epoch       INTEGER NOT NULL,
    UNIQUE (stream, version)
) STRICT;

CREATE INDEX events_by_lineage ON events (lineage, position) WHERE lineage <> '';

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END;

-- Each request that changed something, with its first answer.
CREATE TABLE requests (
    request_id     TEXT    PRIMARY KEY,
    response       BLOB    NOT NULL,
    first_position INTEGER NOT NULL,
    last_position  INTEGER NOT NULL,
    at             REAL    NOT NULL
) STRICT, WITHOUT ROWID;

-- One row for every supervisor that took over this directory; only the highest may write.
CREATE TABLE epochs (
    epoch   INTEGER PRIMARY KEY,
    pid     INTEGER NOT NULL,
    boot_id TEXT    NOT NULL,
    version TEXT    NOT NULL,
    at      REAL    NOT NULL
) STRICT;

-- Which read models there are, as of which version of their code, the tables they made, and how far they got.
CREATE TABLE projections (
    name     TEXT    PRIMARY KEY,
    version  INTEGER NOT NULL,
    tables   TEXT    NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
