-- The number is the management system's. Lists are JSON arrays.
CREATE TABLE practices (
    id             INTEGER PRIMARY KEY,
    source_id      INTEGER NOT NULL,
    name           TEXT    NOT NULL,
    slug           TEXT    NOT NULL,
    pms            TEXT,
    sms            TEXT,
    features       TEXT    NOT NULL CHECK (json_type(features) = 'array'),
    time_zone      TEXT    NOT NULL,
    enterprise_ids TEXT    NOT NULL CHECK (json_type(enterprise_ids) = 'array')
) STRICT;
