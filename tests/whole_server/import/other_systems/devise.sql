-- As `rails generate devise User` with :confirmable makes it, with names.
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    first_name varchar,
    last_name varchar,
    email varchar NOT NULL DEFAULT '' UNIQUE,
    encrypted_password varchar NOT NULL DEFAULT '',
    reset_password_token varchar,
    reset_password_sent_at timestamp,
    confirmation_token varchar,
    confirmed_at timestamp,
    confirmation_sent_at timestamp,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now()
);
INSERT INTO users (first_name, last_name, email, encrypted_password, confirmed_at) VALUES
    ('Ida', 'Brook', 'ida.brook@example.com', '$2a$04$zpQ0R56B75GsIv7r79GqNeVLkHaNvgFHvvMTkY4eDsgf54OGmlwke', now()),
    ('Jonah', 'O''Dell "Jo"', 'jonah@example.com', '$2a$04$fRaNHWbJLgH/9ficGmzGVOtGk9sKQr1RUaevny4gZatqHbLRUktSS', now()),
    (NULL, NULL, 'invited.only@example.com', '', now()),
    ('Not', 'Confirmed', 'not.confirmed@example.com', '$2a$04$rurrukvxxAkqTA2zjIaN2uOyaqszsu39Xbot.I0nKRH0s.4Swglde', NULL);
