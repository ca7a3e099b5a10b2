CREATE TABLE client_classes (
    source_id               INT8 NOT NULL,
    id                      TEXT NOT NULL,
    description             TEXT,
    communications_disabled TEXT,
    PRIMARY KEY (source_id, id)
);
