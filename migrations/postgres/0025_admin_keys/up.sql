-- Keys of programs that administer. The secrets are not stored.
CREATE TABLE admin_keys (
    id           UUID        NOT NULL PRIMARY KEY,
    hash         BYTEA       NOT NULL UNIQUE CHECK (length(hash) = 32),
    name         TEXT        NOT NULL,
    scopes       TEXT        NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ
);

-- Requests of programs that created a user, so that sending them again creates none.
CREATE TABLE idempotent_requests (
    digest  BYTEA       NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    content BYTEA       NOT NULL CHECK (length(content) = 32),
    user_id BIGINT      NOT NULL,
    at      TIMESTAMPTZ NOT NULL
);

CREATE INDEX idempotent_requests_at ON idempotent_requests (at);
