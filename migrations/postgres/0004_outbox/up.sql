-- Messages to be delivered. None holds a text: it is composed when it leaves, from what is here and from its challenge.
-- A message waits as long as it has a due_at; it is settled (delivered, or dead for a reason) once it has a settled_at.
CREATE TABLE outbox (
    id           UUID        PRIMARY KEY,
    kind         TEXT        NOT NULL,
    recipient    TEXT        NOT NULL,
    challenge_id UUID,
    autofill     BOOL        NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    useless_at   TIMESTAMPTZ NOT NULL,
    attempts     INT8        NOT NULL CHECK (attempts >= 0),
    due_at       TIMESTAMPTZ,
    settled_at   TIMESTAMPTZ,
    dead_reason  TEXT,
    CHECK ((due_at IS NULL) <> (settled_at IS NULL)),
    CHECK (dead_reason IS NULL OR settled_at IS NOT NULL)
);

CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_settled ON outbox (settled_at) WHERE settled_at IS NOT NULL;
