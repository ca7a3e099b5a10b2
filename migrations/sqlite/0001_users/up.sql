-- Throughout: times are RFC 3339 in UTC at a fixed width (2016-05-03T11:15:54.950000Z), so that their text sorts as
-- they do; UUIDs are 16 bytes; booleans are 0 and 1. A contact's key is what it is compared by.

-- AUTOINCREMENT: an id is never given twice, even after its row is gone.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    first_name    TEXT    NOT NULL,
    last_name     TEXT    NOT NULL,
    enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    password_hash TEXT,
    last_login    TEXT,
    created_at    TEXT    NOT NULL
) STRICT;

CREATE TABLE user_contacts (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind         TEXT    NOT NULL CHECK (kind IN ('email', 'phone')),
    contact      TEXT    NOT NULL,
    contact_key  TEXT    NOT NULL UNIQUE,
    contact_type TEXT    NOT NULL CHECK (contact_type IN ('work', 'personal')),
    is_primary   INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    verified_at  TEXT    NOT NULL
) STRICT;

CREATE INDEX user_contacts_user ON user_contacts (user_id);
CREATE UNIQUE INDEX user_contacts_primary ON user_contacts (user_id, kind) WHERE is_primary;

-- From where users signed in.
CREATE TABLE familiar_addresses (
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    ip           TEXT    NOT NULL,
    last_seen_at TEXT    NOT NULL,
    PRIMARY KEY (user_id, ip)
) STRICT, WITHOUT ROWID;

CREATE INDEX familiar_addresses_last_seen ON familiar_addresses (last_seen_at);
