-- Who is told of events, and since where.
CREATE TABLE outbox_subscribers (
    subscriber TEXT    PRIMARY KEY,
    after      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was decided and is not known to be done: told to whom, about which position.
CREATE TABLE outbox_due (
    about      INTEGER NOT NULL,
    subscriber TEXT    NOT NULL,
    PRIMARY KEY (about, subscriber)
) STRICT, WITHOUT ROWID;

-- One row: every event up to this position was looked at.
CREATE TABLE outbox_reached (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    position INTEGER NOT NULL
) STRICT;

CREATE TABLE hook_runs (
    position   INTEGER PRIMARY KEY,
    subscriber TEXT    NOT NULL,
    about      INTEGER NOT NULL,
    thread     TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    exit_code  INTEGER,
    seconds    REAL    NOT NULL,
    output     TEXT    NOT NULL,
    problem    TEXT    NOT NULL,
    at         REAL    NOT NULL
) STRICT;

CREATE INDEX hook_runs_by_subscriber ON hook_runs (subscriber, position);
CREATE INDEX hook_runs_that_failed ON hook_runs (thread, position) WHERE outcome <> 'succeeded';

CREATE TABLE notifications (
    position INTEGER PRIMARY KEY,
    events   INTEGER NOT NULL,
    outcome  TEXT    NOT NULL,
    via      TEXT    NOT NULL,
    title    TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    problem  TEXT    NOT NULL,
    at       REAL    NOT NULL
) STRICT;
