-- Keys of programs that administer. The secrets are not stored.
CREATE TABLE admin_keys (
    id           BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    hash         BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    name         TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    created_at   TEXT NOT NULL,
    expires_at   TEXT NOT NULL,
    last_used_at TEXT
) STRICT, WITHOUT ROWID;

-- Requests of programs that created a user, so that sending them again creates none.
CREATE TABLE idempotent_requests (
    digest  BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    content BLOB    NOT NULL CHECK (length(content) = 32),
    user_id INTEGER NOT NULL,
    at      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotent_requests_at ON idempotent_requests (at);
