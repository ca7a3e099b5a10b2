-- Each channel is emptied for itself, so that one whose provider stalls holds up no other. What the recipient is decides
-- the channel: an address holds an @, and a number never does.
ALTER TABLE outbox ADD COLUMN channel TEXT NOT NULL
    GENERATED ALWAYS AS (CASE WHEN instr(recipient, '@') > 0 THEN 'email' ELSE 'sms' END) VIRTUAL;

DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (channel, due_at) WHERE due_at IS NOT NULL;
