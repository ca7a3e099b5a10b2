//! Clauses of [`asteroid_identity::SessionRepository`], also concurrent with changes of the user.

use asteroid_identity::{
    FoundSession, PasswordHash, Session, SessionRepository, SessionToken, UserAdministrationRepository,
    UserRepository, UserStatus,
};
use asteroid_kernel::{Origin, SessionId, Timestamp, UserId};

use crate::CompleteStorage;
use crate::fixtures::{RANDOMNESS, TICK, at, fresh_contact, hash, ip, new_user, session};
use crate::race::{ROUNDS, run_concurrently};
use crate::store::Store;

/// A session limit that clauses do not reach.
const MANY: usize = 20;

/// The session, without the status of its user.
fn found(found: Option<FoundSession>) -> Option<Session> {
    found.map(|found| found.session)
}

async fn insert_fresh_user<S: CompleteStorage>(store: &Store<S>) -> UserId {
    store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free")
}

/// Inserts one session of the user per second given, in this order.
async fn sessions_from<S: CompleteStorage, const N: usize>(
    store: &Store<S>,
    user: UserId,
    seconds: [u64; N],
) -> [Session; N] {
    let sessions = seconds.map(|seconds| session(user, at(seconds)));
    for session in &sessions {
        store.insert_session(session, MANY).await;
    }
    sessions
}

/// Every field of a session is stored, with and without a token, for any origin.
pub async fn a_session_is_stored_in_full(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = insert_fresh_user(&store).await;
    let origins = [
        Origin::default(),
        Origin { ip: Some(ip("192.0.2.7")), ..Origin::default() },
        Origin { ip: Some(ip("2001:db8::7")), user_agent: None, request_id: Some("request-1".into()) },
        Origin {
            ip: Some(ip("::ffff:192.0.2.7")),
            user_agent: Some("Zoë's 🦀/1.0 (\"x\"; y)".into()),
            request_id: None,
        },
    ];
    for (seconds, origin) in (0..).zip(origins) {
        let opaque = Session {
            expires_at: Timestamp::from_micros(i64::MAX),
            last_used_at: at(seconds) + TICK,
            origin,
            ..session(user, at(seconds))
        };
        let signed = Session {
            token: None,
            ..Session { origin: opaque.origin.clone(), ..session(user, at(seconds + 10)) }
        };
        for given in [opaque, signed] {
            store.insert_session(&given, MANY).await;
            assert_eq!(found(store.find_session(given.id).await).as_ref(), Some(&given));
            assert_eq!(store.list_sessions(user).await.iter().find(|one| one.id == given.id), Some(&given));
            if let Some(token) = given.token {
                assert_eq!(found(store.find_session_by_token(&token).await), Some(given));
            }
        }
    }
}

/// A session is found by its own token and id, and by no others.
pub async fn a_session_is_found_by_token_and_by_id(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = insert_fresh_user(&store).await;
    let [first, second] = sessions_from(&store, user, [1, 2]).await;
    for session in [first, second] {
        let token = session.token.expect("the session has a token");
        assert_eq!(found(store.find_session_by_token(&token).await).as_ref(), Some(&session));
        assert_eq!(found(store.find_session(session.id).await), Some(session));
    }
    assert_eq!(found(store.find_session_by_token(&SessionToken::new(&*RANDOMNESS).hash()).await), None);
    assert_eq!(found(store.find_session(SessionId::new(at(1), &*RANDOMNESS)).await), None);
}

/// An expired session is found like any other: the caller decides whether a session is live.
pub async fn an_expired_session_is_found_until_it_is_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = insert_fresh_user(&store).await;
    let expired = Session { expires_at: at(0), last_used_at: at(0), ..session(user, at(0)) };
    store.insert_session(&expired, MANY).await;
    let token = expired.token.expect("the session has a token");
    assert_eq!(found(store.find_session_by_token(&token).await).as_ref(), Some(&expired));
    assert_eq!(found(store.find_session(expired.id).await).as_ref(), Some(&expired));
    assert_eq!(store.list_sessions(user).await, [expired]);
}

/// A session is found with the current status of its own user.
pub async fn a_session_is_found_with_the_status_of_its_user(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, other) = (insert_fresh_user(&store).await, insert_fresh_user(&store).await);
    let [own] = sessions_from(&store, user, [1]).await;
    let [others] = sessions_from(&store, other, [1]).await;
    for status in [UserStatus::Disabled, UserStatus::Enabled] {
        store.set_status(user, status).await;
        for (session, user_status) in [(&own, status), (&others, UserStatus::Enabled)] {
            let found = Some(FoundSession { session: session.clone(), user_status });
            assert_eq!(store.find_session(session.id).await, found);
            assert_eq!(
                store.find_session_by_token(&session.token.expect("the session has a token")).await,
                found
            );
        }
    }
}

/// The sessions of a user are listed newest first. Those of other users are not.
pub async fn sessions_are_listed_newest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, other) = (insert_fresh_user(&store).await, insert_fresh_user(&store).await);
    let [second, third, first] = sessions_from(&store, user, [2, 3, 1]).await;
    let others = sessions_from(&store, other, [4]).await;
    assert_eq!(store.list_sessions(user).await, [third, second, first]);
    assert_eq!(store.list_sessions(other).await, others);
    assert_eq!(store.list_sessions(insert_fresh_user(&store).await).await, []);
}

/// A session over the limit of its user ends the oldest one of that user.
pub async fn a_session_over_the_limit_ends_the_oldest(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, other) = (insert_fresh_user(&store).await, insert_fresh_user(&store).await);
    let others = sessions_from(&store, other, [0]).await;
    let sessions = [2, 1, 3, 4].map(|seconds| session(user, at(seconds)));
    for session in &sessions {
        store.insert_session(session, 3).await;
    }
    let [second, first, third, fourth] = sessions;
    assert_eq!(
        found(store.find_session_by_token(&first.token.expect("the session has a token")).await),
        None
    );
    assert_eq!(store.list_sessions(user).await, [fourth, third, second]);
    let newest = session(user, at(5));
    store.insert_session(&newest, 1).await;
    assert_eq!(store.list_sessions(user).await, [newest]);
    assert_eq!(store.list_sessions(other).await, others);
    let unbounded = session(other, at(6));
    store.insert_session(&unbounded, usize::MAX).await;
    assert_eq!(store.list_sessions(other).await.len(), 2);
}

/// Concurrent sign-ins of one user leave no more sessions than the limit.
pub async fn concurrent_sign_ins_stay_within_the_session_limit(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let user = insert_fresh_user(&store).await;
        run_concurrently((0..6).map(|seconds| {
            let (store, session) = (store.clone(), session(user, at(seconds)));
            async move { sign_in(&store, None, &session, 3).await }
        }))
        .await;
        assert_eq!(store.list_sessions(user).await.len(), 3);
    }
}

/// Touching a session stores the time of use unless a later one is stored, and changes no other session.
pub async fn touching_a_session_keeps_the_latest_use(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = insert_fresh_user(&store).await;
    let [touched, other] = sessions_from(&store, user, [1, 2]).await;
    for (seconds, kept) in [(5, 5), (3, 5), (5, 5), (9, 9), (0, 9)] {
        store.touch_session(touched.id, at(seconds)).await;
        let session = Session { last_used_at: at(kept), ..touched.clone() };
        assert_eq!(found(store.find_session(touched.id).await), Some(session));
    }
    assert_eq!(found(store.find_session(other.id).await), Some(other));
    store.touch_session(SessionId::new(at(1), &*RANDOMNESS), at(9)).await;
}

/// A user can revoke their own session, and not that of another user.
pub async fn a_user_can_revoke_only_their_own_session(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, other) = (insert_fresh_user(&store).await, insert_fresh_user(&store).await);
    let [revoked, kept] = sessions_from(&store, user, [1, 2]).await;
    assert!(!store.revoke_session(other, revoked.id).await);
    assert_eq!(found(store.find_session(revoked.id).await).as_ref(), Some(&revoked));
    assert!(store.revoke_session(user, revoked.id).await);
    assert!(!store.revoke_session(user, revoked.id).await);
    assert_eq!(found(store.find_session(revoked.id).await), None);
    assert_eq!(
        found(store.find_session_by_token(&revoked.token.expect("the session has a token")).await),
        None
    );
    assert_eq!(store.list_sessions(user).await, [kept]);
}

/// The sessions of a user can be revoked, all or all except one. Those of other users stay.
pub async fn all_sessions_of_a_user_can_be_revoked_except_one(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, other) = (insert_fresh_user(&store).await, insert_fresh_user(&store).await);
    let [_, kept, _] = sessions_from(&store, user, [1, 2, 3]).await;
    let others = sessions_from(&store, other, [1]).await;
    assert_eq!(store.revoke_sessions(user, Some(kept.id)).await, 2);
    assert_eq!(store.list_sessions(user).await, [kept]);
    sessions_from(&store, user, [4]).await;
    assert_eq!(
        store.revoke_sessions(user, Some(others[0].id)).await,
        2,
        "the exception is a session of another user"
    );
    sessions_from(&store, user, [5, 6]).await;
    assert_eq!(store.revoke_sessions(user, None).await, 2);
    assert_eq!(store.revoke_sessions(user, None).await, 0);
    assert_eq!(store.list_sessions(user).await, []);
    assert_eq!(store.list_sessions(other).await, others);
}

/// The signed sessions that began before a time are counted while they are neither expired nor idle. Opaque ones are not.
pub async fn signed_sessions_are_counted(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = insert_fresh_user(&store).await;
    assert_eq!(store.signed_sessions(at(0), at(0), at(100)).await, (0, None));
    let signed = |began, used, ends| Session {
        token: None,
        last_used_at: at(used),
        expires_at: at(ends),
        ..session(user, at(began))
    };
    let opaque = Session { expires_at: at(99), last_used_at: at(90), ..session(user, at(1)) };
    for given in [
        signed(1, 20, 50),
        signed(2, 20, 70),
        signed(3, 10, 90),
        signed(4, 20, 30),
        signed(5, 20, 95),
        opaque,
    ] {
        store.insert_session(&given, 20).await;
    }
    assert_eq!(store.signed_sessions(at(30), at(10), at(5)).await, (2, Some(at(70))));
    assert_eq!(store.signed_sessions(at(30), at(9), at(6)).await, (4, Some(at(95))));
    assert_eq!(store.signed_sessions(at(30), at(10), at(1)).await, (0, None));
}

/// Live sessions of all users are counted, up to the given number: none that has expired or is idle.
pub async fn live_sessions_are_counted_up_to_a_number(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (now, idle_since) = (at(100), at(50));
    assert_eq!(store.count_live_sessions(now, idle_since, MANY).await, 0);
    for (expires_at, last_used_at) in [
        (now + TICK, idle_since + TICK),
        (now, idle_since + TICK),
        (now + TICK, idle_since),
        (at(200), now),
        (at(200), now),
    ] {
        let user = insert_fresh_user(&store).await;
        let session = Session { expires_at, last_used_at, ..session(user, at(0)) };
        store.insert_session(&session, MANY).await;
    }
    assert_eq!(store.count_live_sessions(now, idle_since, MANY).await, 3);
    assert_eq!(store.count_live_sessions(now, idle_since, 2).await, 2);
}

/// Sessions that expire at `now` or before, or that were last used at `idle_since` or before, are removed, and no
/// others.
pub async fn expired_and_idle_sessions_are_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = insert_fresh_user(&store).await;
    let (now, idle_since) = (at(100), at(50));
    let cases = [
        (now + TICK, idle_since + TICK, true),
        (now, idle_since + TICK, false),
        (now + TICK, idle_since, false),
        (now - TICK, idle_since - TICK, false),
    ];
    let mut kept = Vec::new();
    for (seconds, (expires_at, last_used_at, is_kept)) in (0..).zip(cases) {
        let session = Session { expires_at, last_used_at, ..session(user, at(seconds)) };
        store.insert_session(&session, MANY).await;
        kept.extend(is_kept.then_some(session));
    }
    assert_eq!(store.remove_expired_sessions(now, idle_since).await, 3);
    assert_eq!(store.list_sessions(user).await, kept);
    assert_eq!(store.remove_expired_sessions(now, idle_since).await, 0);
}

/// A sign-in concurrent with a password change leaves no session that the old password opened.
pub async fn a_concurrent_password_change_leaves_no_session_of_the_old_password(
    storage: impl CompleteStorage,
) {
    let store = Store::new(storage);
    let user = insert_fresh_user(&store).await;
    let mut old = hash("first");
    for round in 0..ROUNDS {
        let new = hash(&format!("of round {round}"));
        run_concurrently((0..4).map(|task| {
            let (store, old, new) = (store.clone(), old.clone(), new.clone());
            async move {
                if task == round % 4 {
                    assert!(change_password(&store, user, &old, &new).await, "no other task changes it");
                } else {
                    sign_in(&store, Some(&old), &session(user, at(round)), MANY).await;
                }
            }
        }))
        .await;
        assert_eq!(store.list_sessions(user).await, []);
        old = new;
    }
}

/// A sign-in concurrent with disabling its user leaves no session.
pub async fn a_concurrently_disabled_user_keeps_no_session(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = insert_fresh_user(&store).await;
    for round in 0..ROUNDS {
        run_concurrently((0..4).map(|task| {
            let store = store.clone();
            async move {
                if task == round % 4 {
                    disable(&store, user).await;
                } else {
                    sign_in(&store, None, &session(user, at(round)), MANY).await;
                }
            }
        }))
        .await;
        assert_eq!(store.list_sessions(user).await, []);
        store.set_status(user, UserStatus::Enabled).await;
    }
}

/// Records the sign-in and inserts the session if the user may sign in.
async fn sign_in<S: CompleteStorage>(
    store: &Store<S>,
    verified: Option<&PasswordHash>,
    session: &Session,
    at_most: usize,
) {
    store
        .write((verified.cloned(), session.clone(), at_most), |(verified, session, at_most), tx| {
            Box::pin(async move {
                if tx.record_sign_in(session.user, verified.as_ref(), session.created_at).await? {
                    tx.insert_session(session, *at_most).await?;
                }
                Ok(())
            })
        })
        .await;
}

/// Replaces the password and revokes every session.
async fn change_password<S: CompleteStorage>(
    store: &Store<S>,
    user: UserId,
    current: &PasswordHash,
    new: &PasswordHash,
) -> bool {
    store
        .write((user, current.clone(), new.clone()), |(user, current, new), tx| {
            Box::pin(async move {
                let replaced = tx.replace_password(*user, Some(current), new).await?;
                tx.revoke_sessions(*user, None).await?;
                Ok(replaced)
            })
        })
        .await
}

/// Disables the user and revokes every session.
async fn disable<S: CompleteStorage>(store: &Store<S>, user: UserId) {
    store
        .write(user, |user, tx| {
            Box::pin(async move {
                tx.set_status(*user, UserStatus::Disabled).await?;
                tx.revoke_sessions(*user, None).await
            })
        })
        .await;
}
