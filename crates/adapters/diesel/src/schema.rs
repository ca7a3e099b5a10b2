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
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
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
        imported -> Bool,
        imported_for -> Nullable<BigInt>,
        password_reset_at -> Nullable<Ts>,
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
    use diesel::sql_types::{Nullable, Text};
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
        network -> Nullable<Text>,
        user_agent -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::sql_types::{Ts, Uid};

    contact_claims (id) {
        id -> Uid,
        contact_key -> Text,
        network -> Nullable<Text>,
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
        /// Kept by the store: what the recipient is, `email` or `sms`.
        channel -> Text,
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

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::sql_types::Ts;

    terms_versions (number) {
        number -> BigInt,
        label -> Text,
        text -> Text,
        published_at -> Ts,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::sql_types::Ts;

    terms_acceptances (user_id, label) {
        user_id -> BigInt,
        label -> Text,
        accepted_at -> Ts,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};

    practices (id) {
        id -> BigInt,
        source_id -> BigInt,
        name -> Text,
        slug -> Text,
        pms -> Nullable<Text>,
        sms -> Nullable<Text>,
        features -> Text,
        time_zone -> Text,
        enterprise_ids -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};

    memberships (number) {
        number -> BigInt,
        user_id -> BigInt,
        practice_id -> BigInt,
        source_id -> BigInt,
        primary_role -> Text,
        roles -> Text,
        client_id -> Nullable<Text>,
        google_api_key -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};

    client_classes (source_id, id) {
        source_id -> BigInt,
        id -> Text,
        description -> Nullable<Text>,
        communications_disabled -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::sql_types::Ts;

    clients (number) {
        number -> BigInt,
        source_id -> BigInt,
        id -> Text,
        practice_id -> BigInt,
        status -> Text,
        client_class_id -> Nullable<Text>,
        display_id -> Nullable<Text>,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        address -> Nullable<Text>,
        city -> Nullable<Text>,
        state -> Nullable<Text>,
        postal_code -> Nullable<Text>,
        email -> Nullable<Text>,
        home_phone -> Nullable<Text>,
        work_phone -> Nullable<Text>,
        mobile_phone -> Nullable<Text>,
        balance_due -> BigInt,
        communications_disabled -> Nullable<Text>,
        email_verification_status -> Nullable<Text>,
        email_verification_response -> Text,
        email_verified_at -> Nullable<Ts>,
        email_prior -> Nullable<Text>,
        alerts_disabled -> Bool,
        email_alert_disabled -> Bool,
        sms_alert_disabled -> Bool,
        bad_physical_address -> Bool,
        full_address_prior -> Nullable<Text>,
        loyalty_invoice_processing_ended_at -> Nullable<Ts>,
        loyalty_invoice_processing_remainder -> Nullable<BigInt>,
        loyalty_toggle -> Bool,
        pet_records -> Nullable<Text>,
        fingerprint -> BigInt,
        first_synced_at -> Ts,
        last_synced_at -> Ts,
        created_at -> Ts,
        updated_at -> Ts,
        stored_at -> Ts,
        folded_name -> Nullable<Text>,
        folded_last_name -> Nullable<Text>,
        folded_email -> Nullable<Text>,
        home_digits -> Nullable<Text>,
        work_digits -> Nullable<Text>,
        mobile_digits -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};

    patients (client_number, position) {
        client_number -> BigInt,
        position -> BigInt,
        source_id -> BigInt,
        id -> Text,
        practice_id -> BigInt,
        name -> Text,
        display_id -> Nullable<Text>,
        deceased_date -> Nullable<Text>,
        status -> Text,
    }
}

diesel::joinable!(user_contacts -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(clients -> practices (practice_id));
diesel::joinable!(patients -> clients (client_number));
diesel::allow_tables_to_appear_in_same_query!(users, user_contacts, sessions);
diesel::allow_tables_to_appear_in_same_query!(clients, client_classes, practices, memberships);
diesel::allow_tables_to_appear_in_same_query!(patients, clients);
