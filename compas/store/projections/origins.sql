-- What was dispatched last from each terminal and each editor.
CREATE TABLE origins (
    origin   TEXT    PRIMARY KEY,
    thread   TEXT    NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
