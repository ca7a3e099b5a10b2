//! The list of all clauses, and what stamps a test from each.

/// Stamps a test for every clause there is, in a module per repository.
///
/// Takes the name of an `async fn()` in the same module that makes a fresh, empty store, and answers it with whatever
/// has to live as long: a folder that is removed when it is dropped, or `()`. The [crate](crate) shows one.
///
/// Where the store needs a server that may not be there, `suite!(make_storage, if is_there)` tries nothing unless
/// `fn is_there() -> bool` says yes: all clauses or none.
#[macro_export]
macro_rules! suite {
    ($make_storage:ident) => {
        $crate::suite!($make_storage, if $crate::__private::always);
    };
    ($make_storage:ident, if $is_there:path) => {
        fn __is_there() -> bool {
            $is_there()
        }

        $crate::__clauses! { $make_storage
            storage {
                a_store_in_order_says_so,
                what_is_committed_is_there_for_the_next_unit,
                a_refused_unit_leaves_nothing_behind,
                a_unit_that_panics_leaves_nothing_behind,
                a_reading_unit_that_fails_harms_nobody,
                a_reading_unit_sees_one_state,
                nobody_sees_half_a_unit,
                a_reading_unit_cannot_write,
                a_caller_who_goes_away_leaves_nothing_open,
                a_caller_who_goes_away_from_a_single_thread_leaves_nothing_open,
            }
            users {
                a_new_user_comes_back_as_it_was_given,
                ids_are_given_once,
                a_contact_belongs_to_one_user,
                a_contact_is_taken_within_the_unit_that_took_it,
                of_many_who_want_a_contact_one_gets_it,
                a_user_gets_the_id_that_is_given,
                a_given_id_is_free_until_its_user_is_made,
                an_id_is_not_given_twice,
                a_user_is_renamed,
                a_user_is_found_by_the_contact,
                a_sign_in_is_noted,
                a_sign_in_that_may_not_be_is_not_noted,
                a_password_is_replaced_if_it_still_is_the_one_that_was_checked,
                a_disabled_users_password_is_replaced,
                a_first_password_replaces_none,
                of_many_changes_of_a_password_one_succeeds,
                a_user_is_disabled_and_enabled,
                an_address_is_familiar_since_the_last_sign_in_from_it,
                only_the_latest_sign_in_from_an_address_is_kept,
                addresses_are_forgotten_when_nobody_comes_from_them,
            }
            contacts {
                a_user_gets_further_contacts,
                a_contact_that_somebody_has_is_not_added,
                of_many_who_add_a_contact_one_succeeds,
                a_contact_comes_back_with_its_source,
                a_replaced_contact_belongs_to_its_user_no_longer,
                the_next_contact_is_primary_when_the_primary_one_is_removed,
                a_shared_contact_belongs_to_one_user_until_it_is_given_up,
                a_contact_is_respelled,
                a_password_reset_is_known_of_its_contact,
                a_password_is_cleared,
            }
            registrations {
                a_registration_comes_back_as_it_was_given,
                live_registrations_are_listed_newest_first,
                a_registration_dies_at_its_expiry,
                one_registration_too_many_ends_the_oldest,
                registrations_too_many_end_all_at_once,
                an_expired_registration_ends_no_other,
                registrations_at_once_stay_within_their_number,
                a_registration_is_taken_once,
                of_many_who_want_a_registration_one_takes_it,
                all_registrations_of_a_contact_end,
                expired_registrations_are_removed,
                claims_to_a_contact_are_found_until_they_expire,
                claims_outlive_registrations_and_are_removed_when_expired,
            }
            sessions {
                a_session_comes_back_as_it_was_given,
                a_session_is_found_by_its_token_and_by_its_id,
                an_expired_session_is_found_until_it_is_removed,
                a_session_is_found_with_its_users_status,
                sessions_are_listed_newest_first,
                one_session_too_many_ends_the_oldest,
                sessions_at_once_stay_within_their_number,
                a_use_is_written_down_unless_a_later_one_is,
                a_user_revokes_their_own_session_only,
                all_sessions_of_a_user_end_but_the_one_that_is_kept,
                expired_and_idle_sessions_are_removed,
                a_change_of_password_leaves_no_session_of_the_old_one,
                a_user_who_is_disabled_keeps_no_session,
            }
            challenges {
                a_challenge_comes_back_as_it_was_given,
                live_challenges_come_newest_first,
                only_live_challenges_are_given,
                a_guess_counts_against_every_live_challenge,
                guesses_end_with_their_number,
                strangers_use_up_their_own_guesses_only,
                a_strangers_guess_passes_over_what_strangers_used_up,
                no_more_guesses_come_through_than_are_left,
                no_more_guesses_of_strangers_come_through_than_they_have,
                a_challenge_is_spent_once,
                of_many_who_spend_a_challenge_one_succeeds,
                all_challenges_of_a_contact_end,
                expired_challenges_are_removed,
            }
            redemption {
                the_right_code_redeems,
                the_right_code_redeems_once,
                wrong_codes_are_counted,
                the_last_guess_may_be_right,
                wrong_codes_at_once_are_all_counted,
                strangers_leave_the_asker_their_guesses,
                a_code_opens_its_own_purpose_only,
                a_redemption_leaves_the_others_open,
            }
            outbox {
                a_message_comes_back_as_it_was_given,
                a_message_is_due_at_once,
                a_lease_ends_when_it_says,
                the_longest_due_are_claimed_first,
                each_channel_is_claimed_for_itself,
                no_two_workers_hold_the_same_message,
                a_settled_message_is_not_claimed_again,
                a_message_waits_for_its_next_try,
                only_the_attempt_that_claimed_a_message_settles_it,
                the_next_message_is_due_when_the_first_is,
                messages_settled_long_ago_are_removed,
            }
            outbox_operators {
                messages_are_listed_newest_first,
                messages_are_listed_as_the_filter_wants,
                a_dead_message_is_revived_as_long_as_it_is_useful,
                only_a_dead_message_is_revived,
                no_attempt_from_before_its_death_settles_a_revived_message,
            }
            limits {
                what_never_happened_has_no_history,
                a_history_comes_back_as_it_was_kept,
                a_streak_comes_back_as_it_was_kept,
                a_key_keeps_a_history_or_a_streak,
                keys_are_told_apart,
                a_limit_is_forgotten,
                useless_limits_are_removed,
                no_record_in_a_history_is_lost,
                no_failure_in_a_streak_is_lost,
            }
            audit {
                an_event_comes_back_as_it_was_given,
                the_latest_events_come_newest_first,
                events_are_forgotten_when_they_are_old,
            }
            terms {
                a_version_comes_back_as_it_was_published,
                no_terms_are_in_force_before_the_first,
                the_version_published_last_is_in_force,
                a_label_is_published_once,
                of_many_who_publish_a_label_one_succeeds,
                an_acceptance_comes_back_as_it_was_given,
                the_first_acceptance_is_kept,
                an_acceptance_is_of_one_user_and_one_version,
                of_many_acceptances_at_once_one_is_kept,
                nobody_accepts_what_was_never_published,
            }
            practices {
                a_practice_comes_back_as_it_was_put,
                putting_a_practice_says_what_became_of_it,
            }
            memberships {
                a_membership_comes_back_as_it_was_put,
                a_user_has_one_membership_in_a_practice,
                the_oldest_membership_is_found_first,
                the_users_of_a_client_are_found,
                a_membership_of_nobody_or_nowhere_is_refused,
            }
            clients {
                a_client_comes_back_as_it_was_put,
                clients_are_told_apart_by_their_keys,
                a_client_is_of_one_practice,
                a_deleted_client_is_found,
                a_record_takes_the_place_of_the_one_before,
                records_that_are_put_together_count_in_their_order,
                fingerprints_are_those_of_the_clients_that_are_there,
                a_client_of_no_practice_is_refused,
                clients_that_are_put_at_once_stay_whole,
            }
            client_parts {
                patients_come_in_the_order_of_the_source,
                patients_are_replaced_as_a_whole,
                a_patient_moves_to_the_client_that_named_it_last,
                patients_are_told_apart_by_their_keys,
                the_patients_of_clients_are_found,
                putting_a_class_says_what_became_of_it,
                a_client_is_shown_with_its_class_as_it_is_now,
                a_client_is_shown_with_the_name_of_its_practice,
                a_client_has_a_user_as_long_as_a_membership_names_it,
            }
            client_lists {
                clients_come_in_the_order_of_their_keys,
                a_list_is_of_one_practice,
                a_long_page_is_whole,
                deleted_clients_are_listed_to_those_who_ask_for_them,
                clients_are_listed_by_when_they_changed_here,
                conditions_hold_together,
                no_client_is_lost_or_comes_twice_while_others_are_put,
            }
            client_search {
                a_client_is_found_by_the_beginning_of_a_name,
                a_client_is_found_by_the_beginning_of_the_address,
                a_search_is_without_regard_to_case,
                a_client_is_found_by_the_first_digits_of_a_phone,
                a_prefix_is_no_pattern,
                a_client_is_found_by_its_record_as_it_is_now,
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
                if super::__is_there() {
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

    /// A clause takes seconds; one that takes this long waits for what never comes.
    const LONGEST: Duration = Duration::from_mins(2);

    /// Where nothing is missing.
    #[must_use]
    pub fn always() -> bool {
        true
    }

    /// Tries one clause on a fresh store, on a runtime of two threads.
    pub fn run<S, G, Made, Clause>(make_storage: impl FnOnce() -> Made, clause: impl FnOnce(S) -> Clause)
    where
        Made: Future<Output = (S, G)>,
        Clause: Future<Output = ()>,
    {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let ended = runtime.block_on(async {
            let (storage, _guard) = make_storage().await;
            tokio::time::timeout(LONGEST, clause(storage)).await
        });
        // Whatever hangs is left behind, so that the test fails instead of hanging too.
        runtime.shutdown_background();
        assert!(ended.is_ok(), "the clause did not end within {LONGEST:?}");
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
            ("contacts", include_str!("contacts.rs")),
            ("registrations", include_str!("registrations.rs")),
            ("sessions", include_str!("sessions.rs")),
            ("challenges", include_str!("challenges.rs")),
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
            let (_, listed) = suite.split_once(&format!(" {module} {{")).expect("it is in the suite");
            let (listed, _) = listed.split_once('}').expect("its list ends");
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
