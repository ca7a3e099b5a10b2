-- What limits remember: under each key either times (8 bytes each, microseconds since 1970, big-endian, the earliest
-- first) or failures in a row. A row is its key's lock, too: a unit that is about to count writes it first, and whoever
-- counts under the same key waits for that unit's end. A row that is there as a lock alone was useless in 1970.
CREATE TABLE limits (
    key             TEXT        PRIMARY KEY,
    times           BYTEA       NOT NULL CHECK (octet_length(times) % 8 = 0),
    failures        INT8        NOT NULL CHECK (failures >= 0),
    last_failure_at TIMESTAMPTZ,
    useless_at      TIMESTAMPTZ NOT NULL
);

CREATE INDEX limits_useless ON limits (useless_at);
