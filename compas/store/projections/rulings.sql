CREATE TABLE rulings (
    position   INTEGER PRIMARY KEY,
    thread     TEXT NOT NULL,
    repository TEXT NOT NULL,
    verdict    TEXT NOT NULL,
    judged     TEXT NOT NULL,
    ruled_by   TEXT NOT NULL,
    note       TEXT NOT NULL
) STRICT;

CREATE INDEX rulings_by_thread ON rulings (thread, position);
