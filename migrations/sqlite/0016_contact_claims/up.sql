-- Where a registration was made and by what client: NULL for those made before.
ALTER TABLE pending_registrations ADD COLUMN network TEXT;
ALTER TABLE pending_registrations ADD COLUMN user_agent TEXT;

-- Which networks registered a contact or asked for a code to it, for as long as a registration waits.
CREATE TABLE contact_claims (
    id          BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    contact_key TEXT NOT NULL,
    network     TEXT,
    expires_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_claims_contact ON contact_claims (contact_key);
CREATE INDEX contact_claims_expiry ON contact_claims (expires_at);
