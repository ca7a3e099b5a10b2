//! The tables, as the migrations make them in every backend.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::sql_types::Ts;

    users (id) {
        id -> BigInt,
        first_name -> Text,
        last_name -> Text,
        enabled -> Bool,
        password_hash -> Nullable<Text>,
        last_login -> Nullable<Ts>,
        created_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Text};
    use crate::sql_types::Ts;

    user_contacts (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        contact -> Text,
        contact_key -> Text,
        contact_type -> Text,
        is_primary -> Bool,
        verified_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::sql_types::Ts;

    familiar_addresses (user_id, ip) {
        user_id -> BigInt,
        ip -> Text,
        last_seen_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::sql_types::{Ts, Uid};

    pending_registrations (id) {
        id -> Uid,
        contact -> Text,
        contact_key -> Text,
        contact_type -> Text,
        first_name -> Text,
        last_name -> Text,
        password_hash -> Text,
        created_at -> Ts,
        expires_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::sql_types::{Ts, Uid};

    sessions (id) {
        id -> Uid,
        user_id -> BigInt,
        token_hash -> Nullable<Binary>,
        created_at -> Ts,
        expires_at -> Ts,
        last_used_at -> Ts,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::sql_types::{Ts, Uid};

    challenges (id) {
        id -> Uid,
        contact -> Text,
        contact_key -> Text,
        purpose -> Text,
        registration_id -> Nullable<Uid>,
        alphabet -> Text,
        code_length -> BigInt,
        nonce -> Binary,
        key_id -> Text,
        asked_from -> Nullable<Text>,
        created_at -> Ts,
        expires_at -> Ts,
        guesses -> BigInt,
        stranger_guesses -> BigInt,
        spent_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::sql_types::{Ts, Uid};

    outbox (id) {
        id -> Uid,
        kind -> Text,
        recipient -> Text,
        challenge_id -> Nullable<Uid>,
        autofill -> Bool,
        created_at -> Ts,
        useless_at -> Ts,
        attempts -> BigInt,
        due_at -> Nullable<Ts>,
        settled_at -> Nullable<Ts>,
        dead_reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::sql_types::Ts;

    limits (key) {
        key -> Text,
        times -> Binary,
        failures -> BigInt,
        last_failure_at -> Nullable<Ts>,
        useless_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::sql_types::{Ts, Uid};

    audit_events (id) {
        id -> Uid,
        at -> Ts,
        action -> Text,
        outcome -> Text,
        user_id -> Nullable<BigInt>,
        contact -> Nullable<Text>,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

diesel::joinable!(user_contacts -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, user_contacts, sessions);
