CREATE TABLE client_classes (
    source_id               INTEGER NOT NULL,
    id                      TEXT    NOT NULL,
    description             TEXT,
    communications_disabled TEXT,
    PRIMARY KEY (source_id, id)
) STRICT, WITHOUT ROWID;
