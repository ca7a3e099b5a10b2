-- A patient is known by its source and its id there, and belongs to one client; its position is its place in the list
-- of its client's patients.
CREATE TABLE patients (
    client_number INT8 NOT NULL REFERENCES clients (number) ON DELETE CASCADE,
    position      INT8 NOT NULL CHECK (position >= 0),
    source_id     INT8 NOT NULL,
    id            TEXT NOT NULL,
    practice_id   INT8 NOT NULL,
    name          TEXT NOT NULL,
    display_id    TEXT,
    deceased_date TEXT,
    status        TEXT NOT NULL,
    PRIMARY KEY (client_number, position),
    UNIQUE (source_id, id)
);
