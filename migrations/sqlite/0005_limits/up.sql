-- What limits remember: under each key either times (8 bytes each, microseconds since 1970, big-endian, the earliest
-- first) or failures in a row.
CREATE TABLE limits (
    key             TEXT    NOT NULL PRIMARY KEY,
    times           BLOB    NOT NULL CHECK (length(times) % 8 = 0),
    failures        INTEGER NOT NULL CHECK (failures >= 0),
    last_failure_at TEXT,
    useless_at      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX limits_useless ON limits (useless_at);
