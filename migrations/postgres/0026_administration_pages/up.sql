-- Who accepted a version of the terms.
CREATE INDEX terms_acceptances_label ON terms_acceptances (label, user_id);

-- How many events of each action and outcome there were in an hour, so that a month can be shown without reading its events.
CREATE TABLE event_counts (
    hour    TIMESTAMPTZ NOT NULL,
    action  TEXT        NOT NULL,
    outcome TEXT        NOT NULL,
    number  BIGINT      NOT NULL CHECK (number >= 0),
    PRIMARY KEY (hour, action, outcome)
);

-- The few administrators.
CREATE INDEX users_administrators ON users (id) WHERE administrator;
