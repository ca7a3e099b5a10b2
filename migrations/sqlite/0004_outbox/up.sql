-- Messages to be delivered. None holds a text: it is composed when it leaves, from what is here and from its challenge.
-- A message waits as long as it has a due_at; it is settled (delivered, or dead for a reason) once it has a settled_at.
CREATE TABLE outbox (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind         TEXT    NOT NULL,
    recipient    TEXT    NOT NULL,
    challenge_id BLOB    CHECK (length(challenge_id) = 16),
    autofill     INTEGER NOT NULL CHECK (autofill IN (0, 1)),
    created_at   TEXT    NOT NULL,
    useless_at   TEXT    NOT NULL,
    attempts     INTEGER NOT NULL CHECK (attempts >= 0),
    due_at       TEXT,
    settled_at   TEXT,
    dead_reason  TEXT,
    CHECK ((due_at IS NULL) <> (settled_at IS NULL)),
    CHECK (dead_reason IS NULL OR settled_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;
