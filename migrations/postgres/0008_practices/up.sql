-- The number is the management system's. Lists are JSON arrays.
CREATE TABLE practices (
    id             INT8 PRIMARY KEY,
    source_id      INT8 NOT NULL,
    name           TEXT NOT NULL,
    slug           TEXT NOT NULL,
    pms            TEXT,
    sms            TEXT,
    features       TEXT NOT NULL CHECK (jsonb_typeof(features::JSONB) = 'array'),
    time_zone      TEXT NOT NULL,
    enterprise_ids TEXT NOT NULL CHECK (jsonb_typeof(enterprise_ids::JSONB) = 'array')
);
