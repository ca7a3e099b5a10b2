-- A user belongs to one practice at most. The client that the user is may come later than the user: no reference.
CREATE TABLE memberships (
    user_id        INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    practice_id    INTEGER NOT NULL REFERENCES practices (id),
    source_id      INTEGER NOT NULL,
    primary_role   TEXT    NOT NULL,
    roles          TEXT    NOT NULL CHECK (json_type(roles) = 'array'),
    client_id      TEXT,
    google_api_key TEXT
) STRICT;

CREATE INDEX memberships_client ON memberships (practice_id, source_id, client_id);
