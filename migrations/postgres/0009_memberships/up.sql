-- A user belongs to one practice at most. The client that the user is may come later than the user: no reference.
CREATE TABLE memberships (
    user_id        INT8 PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    practice_id    INT8 NOT NULL REFERENCES practices (id),
    source_id      INT8 NOT NULL,
    primary_role   TEXT NOT NULL,
    roles          TEXT NOT NULL CHECK (jsonb_typeof(roles::JSONB) = 'array'),
    client_id      TEXT,
    google_api_key TEXT
);

CREATE INDEX memberships_client ON memberships (practice_id, source_id, client_id);
