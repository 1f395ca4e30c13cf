-- What agents were seen doing. Not a fact of the log: kept for a while, then pruned.
CREATE TABLE telemetry (
    execution TEXT    NOT NULL,
    "index"   INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    agent     TEXT    NOT NULL,
    summary   TEXT    NOT NULL,
    detail    TEXT    NOT NULL,
    tool      TEXT,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (execution, "index")
) STRICT, WITHOUT ROWID;

CREATE INDEX telemetry_by_age ON telemetry (at_ms);
CREATE INDEX telemetry_by_tool ON telemetry (tool, agent, kind) WHERE tool IS NOT NULL;

-- How many events of an execution were ever seen, and how many were pruned: what else is not there was lost.
CREATE TABLE extents (
    execution TEXT    PRIMARY KEY,
    seen      INTEGER NOT NULL,
    pruned    INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
