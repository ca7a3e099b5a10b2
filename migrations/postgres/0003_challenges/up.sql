-- A challenge's code is derived from its nonce with a key that is not here: neither a code nor its hash is stored.
CREATE TABLE challenges (
    id               UUID        PRIMARY KEY,
    contact          TEXT        NOT NULL,
    contact_key      TEXT        NOT NULL,
    purpose          TEXT        NOT NULL CHECK (purpose IN ('register', 'login', 'reset')),
    registration_id  UUID,
    alphabet         TEXT        NOT NULL,
    code_length      INT8        NOT NULL CHECK (code_length BETWEEN 0 AND 255),
    nonce            BYTEA       NOT NULL CHECK (octet_length(nonce) = 16),
    key_id           TEXT        NOT NULL,
    asked_from       TEXT,
    created_at       TIMESTAMPTZ NOT NULL,
    expires_at       TIMESTAMPTZ NOT NULL,
    guesses          INT8        NOT NULL CHECK (guesses >= 0),
    stranger_guesses INT8        NOT NULL CHECK (stranger_guesses >= 0),
    spent_at         TIMESTAMPTZ,
    CHECK ((purpose = 'register') = (registration_id IS NOT NULL))
);

CREATE INDEX challenges_contact ON challenges (contact_key, purpose);
CREATE INDEX challenges_expiry ON challenges (expires_at);
