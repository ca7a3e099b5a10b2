CREATE TABLE pending_registrations (
    id            UUID        PRIMARY KEY,
    contact       TEXT        NOT NULL,
    contact_key   TEXT        NOT NULL,
    contact_type  TEXT        NOT NULL CHECK (contact_type IN ('work', 'personal')),
    first_name    TEXT        NOT NULL,
    last_name     TEXT        NOT NULL,
    password_hash TEXT        NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    expires_at    TIMESTAMPTZ NOT NULL
);

CREATE INDEX pending_registrations_contact ON pending_registrations (contact_key, created_at);
CREATE INDEX pending_registrations_expiry ON pending_registrations (expires_at);

-- Of an opaque token, its SHA-256 alone; none where a signed token names the session.
CREATE TABLE sessions (
    id           UUID        PRIMARY KEY,
    user_id      INT8        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash   BYTEA       UNIQUE CHECK (octet_length(token_hash) = 32),
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    ip           TEXT,
    user_agent   TEXT,
    request_id   TEXT
);

CREATE INDEX sessions_user ON sessions (user_id, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_last_used ON sessions (last_used_at);
