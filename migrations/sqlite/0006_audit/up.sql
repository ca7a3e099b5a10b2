-- Append-only. No reference to users: an event outlives whom it was about.
CREATE TABLE audit_events (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at         TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    user_id    INTEGER,
    contact    TEXT,
    ip         TEXT,
    user_agent TEXT,
    request_id TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_events_at ON audit_events (at);
