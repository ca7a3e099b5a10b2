-- A client is known by its source and its id there; within a source, ids are in the order of their bytes. The number is
-- this database's own. The class may come later than the client: no reference.
--
-- What clients are looked for by is kept folded: the full name, the last name, the e-mail address; of phones, the digits.
CREATE TABLE clients (
    number                               INTEGER PRIMARY KEY,
    source_id                            INTEGER NOT NULL,
    id                                   TEXT    NOT NULL,
    practice_id                          INTEGER NOT NULL REFERENCES practices (id),
    status                               TEXT    NOT NULL CHECK (status IN ('active', 'inactive', 'deleted')),
    client_class_id                      TEXT,
    display_id                           TEXT,
    first_name                           TEXT,
    last_name                            TEXT,
    address                              TEXT,
    city                                 TEXT,
    state                                TEXT,
    postal_code                          TEXT,
    email                                TEXT,
    home_phone                           TEXT,
    work_phone                           TEXT,
    mobile_phone                         TEXT,
    balance_due                          INTEGER NOT NULL,
    communications_disabled              TEXT,
    email_verification_status            TEXT,
    email_verification_response          TEXT    NOT NULL,
    email_verified_at                    TEXT,
    email_prior                          TEXT,
    alerts_disabled                      INTEGER NOT NULL CHECK (alerts_disabled IN (0, 1)),
    email_alert_disabled                 INTEGER NOT NULL CHECK (email_alert_disabled IN (0, 1)),
    sms_alert_disabled                   INTEGER NOT NULL CHECK (sms_alert_disabled IN (0, 1)),
    bad_physical_address                 INTEGER NOT NULL CHECK (bad_physical_address IN (0, 1)),
    full_address_prior                   TEXT,
    loyalty_invoice_processing_ended_at  TEXT,
    loyalty_invoice_processing_remainder INTEGER,
    loyalty_toggle                       INTEGER NOT NULL CHECK (loyalty_toggle IN (0, 1)),
    pet_records                          TEXT    CHECK (pet_records IN ('Active', 'Unregistered')),
    fingerprint                          INTEGER NOT NULL CHECK (fingerprint BETWEEN 0 AND 9007199254740991),
    first_synced_at                      TEXT    NOT NULL,
    last_synced_at                       TEXT    NOT NULL,
    created_at                           TEXT    NOT NULL,
    updated_at                           TEXT    NOT NULL,
    stored_at                            TEXT    NOT NULL,
    folded_name                          TEXT,
    folded_last_name                     TEXT,
    folded_email                         TEXT,
    home_digits                          TEXT,
    work_digits                          TEXT,
    mobile_digits                        TEXT,
    UNIQUE (source_id, id)
) STRICT;

-- A practice's clients in their order, with everything that a list is filtered by: a client that is not wanted is passed
-- over without being looked up.
CREATE INDEX clients_practice ON clients (
    practice_id, source_id, id,
    status, stored_at, folded_name, folded_last_name, folded_email, home_digits, work_digits, mobile_digits
);
