//! The [`suite!`](crate::suite) macro, which makes a test of each clause.

/// Makes a test of every clause, in a module per repository.
///
/// Takes the name of an `async fn()` in the same module that returns a fresh, empty store and a guard. The guard lives
/// until the test ends: for example a temporary directory, or `()`. The [crate](crate) documentation has an example.
///
/// If the store needs a server that may be unavailable, use `suite!(make_storage, if is_available)`. If
/// `fn is_available() -> bool` returns `false`, every test passes without running its clause.
#[macro_export]
macro_rules! suite {
    ($make_storage:ident) => {
        $crate::suite!($make_storage, if $crate::__private::always);
    };
    ($make_storage:ident, if $is_available:path) => {
        fn __is_available() -> bool {
            $is_available()
        }

        $crate::__clauses! { $make_storage
            storage {
                check_succeeds_on_a_working_store,
                committed_writes_are_visible_to_the_next_unit,
                rollback_after_an_error_undoes_every_write,
                rollback_after_a_panic_undoes_every_write,
                a_failed_read_unit_leaves_the_store_usable,
                a_read_unit_sees_one_snapshot_during_a_concurrent_write,
                concurrent_reads_never_see_half_a_unit,
                a_read_unit_cannot_write,
                a_cancelled_caller_leaves_no_transaction_open,
                a_cancelled_caller_on_a_single_threaded_runtime_leaves_no_transaction_open,
            }
            users {
                a_new_user_is_stored_in_full,
                users_and_contacts_get_unique_ids,
                inserting_a_taken_contact_is_a_conflict,
                a_contact_conflict_is_detected_within_one_unit,
                concurrent_inserts_of_one_contact_create_one_user,
                a_user_can_be_inserted_with_a_given_id,
                a_contact_conflict_leaves_the_given_id_free,
                inserting_an_existing_id_fails,
                renaming_a_user_changes_only_the_name,
                a_user_is_found_by_contact,
                a_sign_in_is_recorded,
                a_sign_in_is_rejected_for_a_stale_hash_or_a_disabled_or_unknown_user,
                a_password_is_replaced_only_if_the_verified_hash_is_current,
                the_password_of_a_disabled_user_can_be_replaced,
                a_first_password_is_set_only_without_a_verified_hash,
                concurrent_password_changes_succeed_once,
                a_user_can_be_disabled_and_enabled,
                an_address_is_familiar_up_to_its_last_sign_in,
                only_the_latest_sign_in_from_an_address_is_stored,
                addresses_unused_since_the_cutoff_are_removed,
                the_addresses_of_a_user_are_listed_latest_first,
                the_administrator_flag_can_be_set_and_removed,
                concurrent_units_that_lock_a_user_see_each_other,
            }
            user_lists {
                users_are_listed_newest_first,
                users_are_listed_by_filter,
                users_are_found_by_prefix,
                users_are_found_by_their_current_name_and_contacts,
                pages_of_users_are_stable_during_writes,
            }
            contacts {
                contacts_can_be_added_to_a_user,
                adding_a_taken_contact_is_a_conflict,
                concurrent_additions_of_one_contact_succeed_once,
                the_source_of_a_contact_is_stored,
                a_removed_contact_is_free_for_other_users,
                removing_the_primary_contact_promotes_the_oldest,
                contacts_of_two_users_can_be_swapped_in_one_unit,
                a_contact_can_be_respelled,
                a_contact_records_its_last_password_reset,
                a_password_can_be_cleared,
            }
            registrations {
                a_registration_is_stored_in_full,
                live_registrations_are_listed_newest_first,
                an_expired_registration_is_neither_found_nor_taken,
                a_registration_over_the_limit_ends_the_oldest,
                registrations_over_the_limit_all_end,
                an_expired_registration_does_not_count_towards_the_limit,
                concurrent_registrations_stay_within_the_limit,
                a_registration_can_be_taken_once,
                concurrent_takes_of_a_registration_succeed_once,
                all_registrations_of_a_contact_can_be_ended,
                expired_registrations_are_removed,
                claims_to_a_contact_are_found_until_expired,
                claims_outlive_registrations_and_are_removed_once_expired,
            }
            sessions {
                a_session_is_stored_in_full,
                a_session_is_found_by_token_and_by_id,
                an_expired_session_is_found_until_it_is_removed,
                a_session_is_found_with_the_status_of_its_user,
                sessions_are_listed_newest_first,
                a_session_over_the_limit_ends_the_oldest,
                concurrent_sign_ins_stay_within_the_session_limit,
                touching_a_session_keeps_the_latest_use,
                a_user_can_revoke_only_their_own_session,
                all_sessions_of_a_user_can_be_revoked_except_one,
                signed_sessions_are_counted,
                live_sessions_are_counted_up_to_a_number,
                expired_and_idle_sessions_are_removed,
                a_concurrent_password_change_leaves_no_session_of_the_old_password,
                a_concurrently_disabled_user_keeps_no_session,
            }
            challenges {
                a_challenge_is_stored_in_full,
                open_challenges_are_listed_newest_first,
                only_open_challenges_are_listed,
                a_guess_is_counted_against_every_open_challenge,
                a_challenge_can_be_spent_once,
                concurrent_spends_of_a_challenge_succeed_once,
                all_challenges_of_a_contact_can_be_ended,
                expired_challenges_of_a_contact_are_ended,
                expired_challenges_are_removed,
            }
            known_keys {
                a_known_key_is_stored_in_full,
                a_key_is_recorded_once,
                a_key_can_be_forgotten,
                concurrent_units_that_lock_the_known_keys_see_each_other,
                open_codes_are_counted_by_key,
                the_open_codes_of_a_key_can_be_ended,
            }
            admin_keys {
                an_admin_key_is_stored_in_full,
                admin_keys_are_listed_and_revoked,
                the_latest_use_of_an_admin_key_is_recorded,
                an_idempotent_request_is_found_until_it_is_forgotten,
                concurrent_idempotent_requests_are_one,
            }
            deletion {
                a_deleted_user_leaves_nothing_behind,
                events_of_a_deleted_user_lose_what_is_personal,
                acceptances_of_a_deleted_user_lose_what_is_personal,
                what_is_kept_under_a_contact_is_removed,
                limits_are_removed_by_their_subject,
                a_tombstone_is_found_among_candidates,
            }
            redemption {
                the_right_code_redeems_its_challenge,
                concurrent_redemptions_with_the_right_code_succeed_once,
                wrong_codes_are_counted,
                the_last_guess_within_the_limit_can_redeem,
                concurrent_wrong_codes_stay_within_the_guess_limit,
                strangers_leave_the_asker_guesses,
                a_code_redeems_only_its_own_purpose_and_contact,
                a_redemption_leaves_other_challenges_open,
                guesses_at_two_codes_stay_within_the_guess_limit,
            }
            outbox {
                a_message_is_stored_in_full,
                a_message_is_due_from_its_creation,
                a_leased_message_is_claimed_again_after_its_lease,
                claims_start_with_the_longest_due,
                channels_are_claimed_independently,
                concurrent_workers_never_claim_the_same_message,
                a_completed_message_is_not_claimed_again,
                a_retry_waits_until_it_is_due,
                only_the_latest_attempt_completes_a_message,
                next_due_is_the_earliest_waiting_message,
                the_backlog_has_the_waiting_messages_of_a_channel,
                completed_messages_are_removed_after_retention,
            }
            outbox_operators {
                messages_are_listed_newest_first,
                messages_are_listed_by_filter,
                messages_are_listed_by_recipient,
                a_failed_message_can_be_requeued_until_expired,
                only_a_failed_message_can_be_requeued,
                an_attempt_from_before_a_requeue_completes_nothing,
            }
            limits {
                an_unused_rate_limit_is_empty,
                a_rate_limit_window_is_stored_in_full,
                consecutive_failures_are_stored_in_full,
                a_limit_key_holds_a_window_or_failures,
                limit_keys_are_compared_exactly,
                a_rate_limit_can_be_removed,
                expired_limits_are_removed,
                concurrent_records_in_a_rate_limit_window_are_all_kept,
                concurrent_failures_are_all_counted,
            }
            audit {
                an_audit_event_is_stored_in_full,
                audit_events_are_listed_newest_first,
                audit_events_are_listed_by_filter,
                audit_events_are_removed_after_retention,
                events_are_counted_by_hour_action_and_outcome,
                counts_are_stored_replaced_and_forgotten,
            }
            terms {
                a_terms_version_is_stored_in_full,
                no_terms_are_in_force_before_the_first_version,
                the_terms_version_published_last_is_in_force,
                publishing_a_taken_label_is_a_conflict,
                concurrent_publications_of_a_label_succeed_once,
                an_acceptance_is_stored_in_full,
                the_first_acceptance_is_kept,
                an_acceptance_covers_one_user_and_one_version,
                the_acceptances_of_a_user_are_listed_latest_first,
                the_acceptances_of_a_version_are_listed_by_user,
                concurrent_acceptances_keep_one,
                accepting_an_unpublished_version_fails,
            }
            practices {
                a_practice_is_stored_in_full,
                upserting_a_practice_reports_the_outcome,
                practices_are_listed_by_id,
            }
            memberships {
                a_membership_is_stored_in_full,
                a_user_has_one_membership_per_practice,
                the_oldest_membership_is_found_first,
                the_users_of_a_client_are_listed,
                the_memberships_of_a_user_are_listed_oldest_first,
                a_membership_of_an_unknown_user_or_practice_fails,
            }
            clients {
                a_client_is_stored_in_full,
                client_keys_are_compared_exactly,
                a_client_is_found_only_in_its_practice,
                a_deleted_client_is_found,
                a_record_replaces_the_record_of_its_key,
                the_last_record_of_a_key_in_a_batch_is_kept,
                fingerprints_are_returned_for_existing_clients,
                a_client_of_an_unknown_practice_fails,
                concurrent_writes_of_a_client_keep_one_whole_record,
                statistics_can_be_renewed_and_change_nothing,
            }
            client_parts {
                patients_keep_the_order_of_the_source,
                a_record_replaces_all_patients_of_its_client,
                a_patient_moves_to_the_client_that_named_it_last,
                patient_keys_are_compared_exactly,
                the_patients_of_clients_are_listed_by_client,
                upserting_a_class_reports_the_outcome,
                a_client_has_the_current_class_of_its_source,
                a_client_has_the_current_name_of_its_practice,
                a_client_has_a_user_while_a_membership_names_it,
            }
            client_lists {
                clients_are_listed_in_key_order,
                a_list_contains_only_its_practice,
                a_long_page_is_complete,
                deleted_clients_are_listed_only_on_request,
                clients_are_filtered_by_time_of_storage,
                filter_conditions_are_combined,
                paging_is_stable_during_concurrent_writes,
            }
            client_search {
                a_client_is_found_by_name_prefix,
                a_client_is_found_by_email_prefix,
                a_search_ignores_case_and_unicode_composition,
                a_client_is_found_by_phone_prefix,
                a_search_prefix_is_not_a_pattern,
                a_search_uses_the_current_record,
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __clauses {
    ($make_storage:ident $($repository:ident { $($clause:ident,)* })*) => { $(
        mod $repository { $(
            #[test]
            fn $clause() {
                if super::__is_available() {
                    $crate::__private::run(super::$make_storage, $crate::$repository::$clause);
                }
            }
        )* }
    )* };
}

#[doc(hidden)]
pub mod __private {
    use std::time::Duration;

    use tokio::runtime::Builder;

    /// Time limit of a clause. A clause takes seconds, so one that reaches the limit is blocked.
    const TIMEOUT: Duration = Duration::from_mins(2);

    /// The condition of a suite without one: `true`.
    #[must_use]
    pub fn always() -> bool {
        true
    }

    /// Runs one clause on a fresh store, on a runtime with two worker threads.
    pub fn run<S, G, Made, Clause>(make_storage: impl FnOnce() -> Made, clause: impl FnOnce(S) -> Clause)
    where
        Made: Future<Output = (S, G)>,
        Clause: Future<Output = ()>,
    {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let ended = runtime.block_on(async {
            let (storage, _guard) = make_storage().await;
            tokio::time::timeout(TIMEOUT, clause(storage)).await
        });
        // Blocked tasks are abandoned, so that the test fails instead of blocking, too.
        runtime.shutdown_background();
        assert!(ended.is_ok(), "the clause did not end within {TIMEOUT:?}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_clause_is_in_the_suite() {
        let suite = include_str!("suite.rs");
        let modules = [
            ("storage", include_str!("storage.rs")),
            ("users", include_str!("users.rs")),
            ("user_lists", include_str!("user_lists.rs")),
            ("contacts", include_str!("contacts.rs")),
            ("registrations", include_str!("registrations.rs")),
            ("sessions", include_str!("sessions.rs")),
            ("challenges", include_str!("challenges.rs")),
            ("known_keys", include_str!("known_keys.rs")),
            ("redemption", include_str!("redemption.rs")),
            ("outbox", include_str!("outbox.rs")),
            ("outbox_operators", include_str!("outbox_operators.rs")),
            ("limits", include_str!("limits.rs")),
            ("audit", include_str!("audit.rs")),
            ("terms", include_str!("terms.rs")),
            ("practices", include_str!("practices.rs")),
            ("memberships", include_str!("memberships.rs")),
            ("clients", include_str!("clients.rs")),
            ("client_parts", include_str!("client_parts.rs")),
            ("client_lists", include_str!("client_lists.rs")),
            ("client_search", include_str!("client_search.rs")),
        ];
        for (module, text) in modules {
            let (_, listed) = suite.split_once(&format!(" {module} {{")).expect("the module is in the suite");
            let (listed, _) = listed.split_once('}').expect("the list has an end");
            let listed: Vec<&str> =
                listed.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            let clauses: Vec<&str> = text
                .lines()
                .filter_map(|line| line.strip_prefix("pub async fn ")?.split_once('('))
                .map(|(name, _)| name)
                .collect();
            assert_eq!(listed, clauses, "{module}");
        }
    }
}
