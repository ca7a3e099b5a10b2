-- Append-only. No reference to users: an event outlives whom it was about.
CREATE TABLE audit_events (
    id         UUID        PRIMARY KEY,
    at         TIMESTAMPTZ NOT NULL,
    action     TEXT        NOT NULL,
    outcome    TEXT        NOT NULL,
    user_id    INT8,
    contact    TEXT,
    ip         TEXT,
    user_agent TEXT,
    request_id TEXT
);

CREATE INDEX audit_events_at ON audit_events (at);
