-- What is kept of the contacts of deleted users: digests under a key that the database does not have, so that imports do not
-- create the users again.
CREATE TABLE tombstones (
    digest     BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    key_id     TEXT NOT NULL,
    deleted_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tombstones_key ON tombstones (key_id);

-- Events without a user, found by their masked contact when its user is deleted.
CREATE INDEX audit_events_contact ON audit_events (contact) WHERE user_id IS NULL AND contact IS NOT NULL;

-- The acceptances of a deleted user lose the address and the client, and nothing else.
DROP TRIGGER terms_acceptances_are_not_changed;

CREATE TRIGGER terms_acceptances_are_not_changed BEFORE UPDATE ON terms_acceptances
WHEN NOT (
    NEW.user_id IS OLD.user_id AND NEW.label IS OLD.label AND NEW.accepted_at IS OLD.accepted_at
    AND NEW.request_id IS OLD.request_id AND NEW.ip IS NULL AND NEW.user_agent IS NULL
)
BEGIN SELECT RAISE(ABORT, 'an acceptance of the terms is never changed'); END;
