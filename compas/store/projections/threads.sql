CREATE TABLE threads (
    thread           TEXT    PRIMARY KEY,
    status           TEXT    NOT NULL,
    batch            TEXT,
    summary          TEXT,
    source_thread    TEXT,
    answers_to       TEXT,
    repository       TEXT,
    created_position INTEGER NOT NULL,
    created_at       REAL    NOT NULL,
    updated_position INTEGER NOT NULL,
    updated_at       REAL    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX threads_by_update ON threads (updated_position);
CREATE INDEX threads_by_status ON threads (status);
CREATE INDEX threads_by_batch ON threads (batch) WHERE batch IS NOT NULL;
CREATE INDEX threads_by_source ON threads (source_thread) WHERE source_thread IS NOT NULL;
