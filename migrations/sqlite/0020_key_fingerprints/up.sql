-- The keys that the servers of this database use, without their secrets. A server whose key of this id has another
-- fingerprint does not start.
CREATE TABLE key_fingerprints (
    kind TEXT NOT NULL CHECK (kind IN ('code', 'token')),
    id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
