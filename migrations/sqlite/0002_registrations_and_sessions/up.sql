CREATE TABLE pending_registrations (
    id            BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    contact       TEXT NOT NULL,
    contact_key   TEXT NOT NULL,
    contact_type  TEXT NOT NULL CHECK (contact_type IN ('work', 'personal')),
    first_name    TEXT NOT NULL,
    last_name     TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    expires_at    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX pending_registrations_contact ON pending_registrations (contact_key, created_at);
CREATE INDEX pending_registrations_expiry ON pending_registrations (expires_at);

-- Of an opaque token, its SHA-256 alone; none where a signed token names the session.
CREATE TABLE sessions (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash   BLOB    UNIQUE CHECK (length(token_hash) = 32),
    created_at   TEXT    NOT NULL,
    expires_at   TEXT    NOT NULL,
    last_used_at TEXT    NOT NULL,
    ip           TEXT,
    user_agent   TEXT,
    request_id   TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_user ON sessions (user_id, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_last_used ON sessions (last_used_at);
