-- Users who may sign in to the administration.
ALTER TABLE users ADD COLUMN administrator INTEGER NOT NULL DEFAULT 0 CHECK (administrator IN (0, 1));

-- What users are searched by: names and keys of contacts, compared by their bytes. 0023 fills it.
CREATE TABLE user_search_keys (
    search_key TEXT NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (search_key, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX user_search_keys_user ON user_search_keys (user_id, search_key);
CREATE INDEX users_enabled ON users (enabled, id);
CREATE INDEX memberships_practice ON memberships (practice_id, user_id);

-- The key of the recipient, to find the messages to a contact. 0023 fills it.
ALTER TABLE outbox ADD COLUMN recipient_key TEXT;
CREATE INDEX outbox_recipient ON outbox (recipient_key, id);
