-- What is kept of the contacts of deleted users: digests under a key that the database does not have, so that imports do not
-- create the users again.
CREATE TABLE tombstones (
    digest     BYTEA       NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    key_id     TEXT        NOT NULL,
    deleted_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX tombstones_key ON tombstones (key_id);

-- Events without a user, found by their masked contact when its user is deleted.
CREATE INDEX audit_events_contact ON audit_events (contact) WHERE user_id IS NULL AND contact IS NOT NULL;

-- The acceptances of a deleted user lose the address and the client, and nothing else.
DROP TRIGGER terms_acceptances_are_append_only ON terms_acceptances;

CREATE TRIGGER terms_acceptances_are_not_removed BEFORE DELETE ON terms_acceptances
FOR EACH ROW EXECUTE FUNCTION terms_are_append_only();

CREATE TRIGGER terms_acceptances_are_not_changed BEFORE UPDATE ON terms_acceptances
FOR EACH ROW WHEN (
    NEW.user_id IS DISTINCT FROM OLD.user_id OR NEW.label IS DISTINCT FROM OLD.label
    OR NEW.accepted_at IS DISTINCT FROM OLD.accepted_at OR NEW.request_id IS DISTINCT FROM OLD.request_id
    OR NEW.ip IS NOT NULL OR NEW.user_agent IS NOT NULL
) EXECUTE FUNCTION terms_are_append_only();
