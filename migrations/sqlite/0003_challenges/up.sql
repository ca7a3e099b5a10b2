-- A challenge's code is derived from its nonce with a key that is not here: neither a code nor its hash is stored.
CREATE TABLE challenges (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    contact          TEXT    NOT NULL,
    contact_key      TEXT    NOT NULL,
    purpose          TEXT    NOT NULL CHECK (purpose IN ('register', 'login', 'reset')),
    registration_id  BLOB    CHECK (length(registration_id) = 16),
    alphabet         TEXT    NOT NULL,
    code_length      INTEGER NOT NULL CHECK (code_length BETWEEN 0 AND 255),
    nonce            BLOB    NOT NULL CHECK (length(nonce) = 16),
    key_id           TEXT    NOT NULL,
    asked_from       TEXT,
    created_at       TEXT    NOT NULL,
    expires_at       TEXT    NOT NULL,
    guesses          INTEGER NOT NULL CHECK (guesses >= 0),
    stranger_guesses INTEGER NOT NULL CHECK (stranger_guesses >= 0),
    spent_at         TEXT,
    CHECK ((purpose = 'register') = (registration_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX challenges_contact ON challenges (contact_key, purpose);
CREATE INDEX challenges_expiry ON challenges (expires_at);
