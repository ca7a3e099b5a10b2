-- The operator who acted; NULL where the user did.
ALTER TABLE audit_events ADD COLUMN operator TEXT;

-- Listings by a user, an action, an outcome or an address, newest first: ids sort by time.
CREATE INDEX audit_events_user ON audit_events (user_id, id);
CREATE INDEX audit_events_action ON audit_events (action, id);
CREATE INDEX audit_events_outcome ON audit_events (outcome, id);
CREATE INDEX audit_events_ip ON audit_events (ip, id);
