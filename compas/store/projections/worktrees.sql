CREATE TABLE worktrees (
    thread      TEXT    NOT NULL,
    repository  TEXT    NOT NULL,
    branch      TEXT    NOT NULL,
    base        TEXT    NOT NULL,
    path        TEXT,
    base_commit TEXT,
    execution   TEXT,
    position    INTEGER NOT NULL,
    at          REAL    NOT NULL,
    PRIMARY KEY (thread, repository)
) STRICT, WITHOUT ROWID;
