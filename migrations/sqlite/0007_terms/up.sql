-- Append-only: what users accepted, and that they did, is never changed or removed.

-- The numbers are in the order of publishing.
CREATE TABLE terms_versions (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    label        TEXT    NOT NULL UNIQUE,
    text         TEXT    NOT NULL,
    published_at TEXT    NOT NULL
) STRICT;

CREATE INDEX terms_versions_published ON terms_versions (published_at, number);

-- The first acceptance of a version by a user. No reference to users: an acceptance outlives who gave it.
CREATE TABLE terms_acceptances (
    user_id     INTEGER NOT NULL,
    label       TEXT    NOT NULL REFERENCES terms_versions (label),
    accepted_at TEXT    NOT NULL,
    ip          TEXT,
    user_agent  TEXT,
    request_id  TEXT,
    PRIMARY KEY (user_id, label)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER terms_versions_are_not_changed BEFORE UPDATE ON terms_versions
BEGIN SELECT RAISE(ABORT, 'a version of the terms is never changed'); END;

CREATE TRIGGER terms_versions_are_not_removed BEFORE DELETE ON terms_versions
BEGIN SELECT RAISE(ABORT, 'a version of the terms is never removed'); END;

CREATE TRIGGER terms_acceptances_are_not_changed BEFORE UPDATE ON terms_acceptances
BEGIN SELECT RAISE(ABORT, 'an acceptance of the terms is never changed'); END;

CREATE TRIGGER terms_acceptances_are_not_removed BEFORE DELETE ON terms_acceptances
BEGIN SELECT RAISE(ABORT, 'an acceptance of the terms is never removed'); END;
