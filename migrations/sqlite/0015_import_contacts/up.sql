-- An import replaces only the contacts that it made, for the practice that its record was of; 0017 tells them apart. The
-- practice is not referred to. A password that was set by a code to a contact goes with the contact.
ALTER TABLE user_contacts ADD COLUMN imported INTEGER NOT NULL DEFAULT 0 CHECK (imported IN (0, 1));
ALTER TABLE user_contacts ADD COLUMN imported_for INTEGER;
ALTER TABLE user_contacts ADD COLUMN password_reset_at TEXT;

-- A user may belong to several practices, to each once; of the memberships, the one of the lowest number is the oldest.
CREATE TABLE memberships_of_many (
    number         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id        INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    practice_id    INTEGER NOT NULL REFERENCES practices (id),
    source_id      INTEGER NOT NULL,
    primary_role   TEXT    NOT NULL,
    roles          TEXT    NOT NULL CHECK (json_type(roles) = 'array'),
    client_id      TEXT,
    google_api_key TEXT,
    UNIQUE (user_id, practice_id)
) STRICT;

INSERT INTO memberships_of_many
    (user_id, practice_id, source_id, primary_role, roles, client_id, google_api_key)
    SELECT user_id, practice_id, source_id, primary_role, roles, client_id, google_api_key
    FROM memberships ORDER BY user_id;
DROP TABLE memberships;
ALTER TABLE memberships_of_many RENAME TO memberships;
CREATE INDEX memberships_user ON memberships (user_id, number);
CREATE INDEX memberships_client ON memberships (practice_id, source_id, client_id);
