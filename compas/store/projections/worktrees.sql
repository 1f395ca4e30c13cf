CREATE TABLE worktrees (
    thread      TEXT    NOT NULL,
    repository  TEXT    NOT NULL,
    branch      TEXT    NOT NULL,
    base        TEXT    NOT NULL,
    path        TEXT,
    base_commit TEXT,
    execution   TEXT,
    instance    TEXT    NOT NULL DEFAULT '',
    reading     INTEGER NOT NULL DEFAULT 0,
    removing    INTEGER NOT NULL DEFAULT 0,
    removed_at  REAL,
    tip         TEXT,
    archive     TEXT,
    position    INTEGER NOT NULL,
    at          REAL    NOT NULL,
    PRIMARY KEY (thread, repository)
) STRICT, WITHOUT ROWID;
