//! Clauses of [`asteroid_identity::SessionRepository`], alone and beside changes of the user.

use asteroid_identity::{
    FoundSession, PasswordHash, Session, SessionRepository, SessionToken, UserAdministrationRepository,
    UserRepository, UserStatus,
};
use asteroid_kernel::{Origin, SessionId, Timestamp, UserId};

use crate::CompleteStorage;
use crate::fixtures::{RANDOMNESS, TICK, at, fresh_contact, hash, ip, new_user, session};
use crate::race::{ROUNDS, at_once};
use crate::store::Store;

const MANY: usize = 20;

/// The session, without the status of its user.
fn found(found: Option<FoundSession>) -> Option<Session> {
    found.map(|found| found.session)
}

async fn a_user<S: CompleteStorage>(store: &Store<S>) -> UserId {
    store.insert_user(&new_user(&fresh_contact())).await.expect("the contact is free")
}

/// Sessions of this user, begun in these seconds and kept in this order.
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

/// FullFixture comes back as it was given: with and without a token, wherever it came from.
pub async fn a_session_comes_back_as_it_was_given(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = a_user(&store).await;
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
pub async fn a_session_is_found_by_its_token_and_by_its_id(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = a_user(&store).await;
    let [first, second] = sessions_from(&store, user, [1, 2]).await;
    for session in [first, second] {
        let token = session.token.expect("it has one");
        assert_eq!(found(store.find_session_by_token(&token).await).as_ref(), Some(&session));
        assert_eq!(found(store.find_session(session.id).await), Some(session));
    }
    assert_eq!(found(store.find_session_by_token(&SessionToken::new(&*RANDOMNESS).hash()).await), None);
    assert_eq!(found(store.find_session(SessionId::new(at(1), &*RANDOMNESS)).await), None);
}

/// Which sessions are live is the caller's to say: one that has expired is found as any other.
pub async fn an_expired_session_is_found_until_it_is_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = a_user(&store).await;
    let expired = Session { expires_at: at(0), last_used_at: at(0), ..session(user, at(0)) };
    store.insert_session(&expired, MANY).await;
    let token = expired.token.expect("it has one");
    assert_eq!(found(store.find_session_by_token(&token).await).as_ref(), Some(&expired));
    assert_eq!(found(store.find_session(expired.id).await).as_ref(), Some(&expired));
    assert_eq!(store.list_sessions(user).await, [expired]);
}

/// A session comes with the status that its user has by now, and no other user's.
pub async fn a_session_is_found_with_its_users_status(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, other) = (a_user(&store).await, a_user(&store).await);
    let [own] = sessions_from(&store, user, [1]).await;
    let [others] = sessions_from(&store, other, [1]).await;
    for status in [UserStatus::Disabled, UserStatus::Enabled] {
        store.set_status(user, status).await;
        for (session, user_status) in [(&own, status), (&others, UserStatus::Enabled)] {
            let found = Some(FoundSession { session: session.clone(), user_status });
            assert_eq!(store.find_session(session.id).await, found);
            assert_eq!(store.find_session_by_token(&session.token.expect("it has one")).await, found);
        }
    }
}

/// A user's sessions are listed, the newest first, and nobody else's.
pub async fn sessions_are_listed_newest_first(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, other) = (a_user(&store).await, a_user(&store).await);
    let [second, third, first] = sessions_from(&store, user, [2, 3, 1]).await;
    let others = sessions_from(&store, other, [4]).await;
    assert_eq!(store.list_sessions(user).await, [third, second, first]);
    assert_eq!(store.list_sessions(other).await, others);
    assert_eq!(store.list_sessions(a_user(&store).await).await, []);
}

/// A session that is one too many for its user ends the oldest, and nobody else's.
pub async fn one_session_too_many_ends_the_oldest(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, other) = (a_user(&store).await, a_user(&store).await);
    let others = sessions_from(&store, other, [0]).await;
    let sessions = [2, 1, 3, 4].map(|seconds| session(user, at(seconds)));
    for session in &sessions {
        store.insert_session(session, 3).await;
    }
    let [second, first, third, fourth] = sessions;
    assert_eq!(found(store.find_session_by_token(&first.token.expect("it has one")).await), None);
    assert_eq!(store.list_sessions(user).await, [fourth, third, second]);
    let newest = session(user, at(5));
    store.insert_session(&newest, 1).await;
    assert_eq!(store.list_sessions(user).await, [newest]);
    assert_eq!(store.list_sessions(other).await, others);
    let unbounded = session(other, at(6));
    store.insert_session(&unbounded, usize::MAX).await;
    assert_eq!(store.list_sessions(other).await.len(), 2);
}

/// However often a user signs in at once, no more sessions stay than may.
pub async fn sessions_at_once_stay_within_their_number(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    for _ in 0..ROUNDS {
        let user = a_user(&store).await;
        at_once((0..6).map(|seconds| {
            let (store, session) = (store.clone(), session(user, at(seconds)));
            async move { sign_in(&store, None, &session, 3).await }
        }))
        .await;
        assert_eq!(store.list_sessions(user).await.len(), 3);
    }
}

/// A use is written down, unless a later one is; no other session is touched.
pub async fn a_use_is_written_down_unless_a_later_one_is(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = a_user(&store).await;
    let [touched, other] = sessions_from(&store, user, [1, 2]).await;
    for (seconds, kept) in [(5, 5), (3, 5), (5, 5), (9, 9), (0, 9)] {
        store.touch_session(touched.id, at(seconds)).await;
        let session = Session { last_used_at: at(kept), ..touched.clone() };
        assert_eq!(found(store.find_session(touched.id).await), Some(session));
    }
    assert_eq!(found(store.find_session(other.id).await), Some(other));
    store.touch_session(SessionId::new(at(1), &*RANDOMNESS), at(9)).await;
}

/// A user ends one of their own sessions, and none of another's.
pub async fn a_user_revokes_their_own_session_only(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, other) = (a_user(&store).await, a_user(&store).await);
    let [revoked, kept] = sessions_from(&store, user, [1, 2]).await;
    assert!(!store.revoke_session(other, revoked.id).await);
    assert_eq!(found(store.find_session(revoked.id).await).as_ref(), Some(&revoked));
    assert!(store.revoke_session(user, revoked.id).await);
    assert!(!store.revoke_session(user, revoked.id).await);
    assert_eq!(found(store.find_session(revoked.id).await), None);
    assert_eq!(found(store.find_session_by_token(&revoked.token.expect("it has one")).await), None);
    assert_eq!(store.list_sessions(user).await, [kept]);
}

/// A user's sessions end, all or all but one, and nobody else's.
pub async fn all_sessions_of_a_user_end_but_the_one_that_is_kept(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let (user, other) = (a_user(&store).await, a_user(&store).await);
    let [_, kept, _] = sessions_from(&store, user, [1, 2, 3]).await;
    let others = sessions_from(&store, other, [1]).await;
    assert_eq!(store.revoke_sessions(user, Some(kept.id)).await, 2);
    assert_eq!(store.list_sessions(user).await, [kept]);
    sessions_from(&store, user, [4]).await;
    assert_eq!(store.revoke_sessions(user, Some(others[0].id)).await, 2, "what is kept is another's");
    sessions_from(&store, user, [5, 6]).await;
    assert_eq!(store.revoke_sessions(user, None).await, 2);
    assert_eq!(store.revoke_sessions(user, None).await, 0);
    assert_eq!(store.list_sessions(user).await, []);
    assert_eq!(store.list_sessions(other).await, others);
}

/// Removed are the sessions that expired by `now` or were last used at `idle_since` or before, and no others.
pub async fn expired_and_idle_sessions_are_removed(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = a_user(&store).await;
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

/// A sign-in that runs beside a change of the password never ends with a live session from the old password.
pub async fn a_change_of_password_leaves_no_session_of_the_old_one(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = a_user(&store).await;
    let mut old = hash("first");
    for round in 0..ROUNDS {
        let new = hash(&format!("of round {round}"));
        at_once((0..4).map(|task| {
            let (store, old, new) = (store.clone(), old.clone(), new.clone());
            async move {
                if task == round % 4 {
                    assert!(change_password(&store, user, &old, &new).await, "nobody else changes it");
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

/// A sign-in that runs beside the disabling of its user never ends with a session that outlives it.
pub async fn a_user_who_is_disabled_keeps_no_session(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let user = a_user(&store).await;
    for round in 0..ROUNDS {
        at_once((0..4).map(|task| {
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

/// Notes the sign-in and begins the session, if the user may sign in.
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

/// Replaces the password and ends every session.
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

/// Disables the user and ends every session.
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
