CREATE TABLE executions (
    execution       TEXT    PRIMARY KEY,
    thread          TEXT    NOT NULL,
    lineage         TEXT    NOT NULL,
    message         TEXT    NOT NULL,
    agent           TEXT    NOT NULL,
    backend         TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    stopping        INTEGER NOT NULL DEFAULT 0,
    attempt         INTEGER NOT NULL,
    reason          TEXT    NOT NULL,
    prompt_hash     TEXT,
    not_before      REAL,
    queued_position INTEGER NOT NULL,
    queued_at       REAL    NOT NULL,
    requested_at    REAL,
    workdir         TEXT,
    worktree        INTEGER,
    resume_session  TEXT,
    timeout_secs    REAL,
    repository      TEXT,
    branch          TEXT,
    tip             TEXT,
    started_at      REAL,
    pid             INTEGER,
    ended_position  INTEGER,
    ended_at        REAL,
    category        TEXT    NOT NULL DEFAULT '',
    resets_at       REAL,
    error           TEXT    NOT NULL DEFAULT '',
    preview         TEXT    NOT NULL DEFAULT '',
    session         TEXT,
    verdict         TEXT    NOT NULL DEFAULT '',
    judged          TEXT,
    cost_usd        REAL,
    tokens_in       INTEGER,
    tokens_out      INTEGER,
    tokens_cached   INTEGER,
    turns           INTEGER,
    exit_kind       TEXT,
    exit_code       INTEGER,
    exit_signal     INTEGER,
    duration_secs   REAL,
    cut_bytes       INTEGER,
    nothing_left    INTEGER,
    snapshot_commit TEXT,
    snapshot_head   TEXT,
    snapshot_dirty  INTEGER,
    snapshot_tree   TEXT,
    unrecorded      TEXT    NOT NULL DEFAULT '',
    log_removed_at  REAL,
    snapshot_archived INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX executions_by_thread ON executions (thread, queued_position);
CREATE INDEX executions_by_lineage ON executions (lineage, queued_position);
CREATE INDEX executions_by_end ON executions (backend, ended_position) WHERE ended_position IS NOT NULL;
CREATE INDEX executions_by_place ON executions (queued_position);
CREATE INDEX executions_unsettled ON executions (queued_position)
    WHERE status IN ('queued', 'picked_up', 'executing') OR stopping;
CREATE INDEX executions_snapped ON executions (thread) WHERE snapshot_commit IS NOT NULL AND NOT snapshot_archived;
-- Everything that is summed up over all executions, so that no sum reads what they said.
CREATE INDEX executions_sums ON executions (agent, backend, ended_position, ended_at, status, stopping, attempt,
    not_before, thread, duration_secs, cost_usd, tokens_in, tokens_out, tokens_cached, turns);
