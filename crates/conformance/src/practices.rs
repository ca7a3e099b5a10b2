//! Clauses of [`asteroid_clients::PracticeRepository`].

use asteroid_clients::{Practice, PracticeId, SourceId};
use asteroid_kernel::Upsert;

use crate::CompleteStorage;
use crate::fixtures::practice::{OTHER_PRACTICE, OTHER_SOURCE, PRACTICE, practice, text};
use crate::store::Store;

/// Every field of a practice is stored, with and without the optional ones, under any id.
pub async fn a_practice_is_stored_in_full(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!(store.find_practice(PRACTICE).await, None);
    let full = Practice {
        name: "Zoë's \"Pets\" 🦀".to_owned(),
        sms: text(""),
        features: ["b,\"\\", "a", "", "ü", "a"].map(str::to_owned).to_vec(),
        enterprise_ids: vec![i64::MAX, i64::MIN, 0, 0],
        ..practice(PRACTICE)
    };
    let bare = Practice {
        source: SourceId(i64::MIN),
        pms: None,
        features: Vec::new(),
        enterprise_ids: Vec::new(),
        time_zone: "UTC".parse().expect("a time zone"),
        ..practice(PracticeId(0))
    };
    for given in [full, bare, practice(PracticeId(-1)), practice(PracticeId(i64::MAX))] {
        assert_eq!(store.put_practice(&given).await, Upsert::Created);
        assert_eq!(store.find_practice(given.id).await, Some(given));
    }
}

/// Upserting a practice reports created, updated or unchanged. It replaces the practice of that id and no other.
pub async fn upserting_a_practice_reports_the_outcome(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    let bystander = practice(OTHER_PRACTICE);
    store.put_practice(&bystander).await;
    let base = practice(PRACTICE);
    assert_eq!(store.put_practice(&base).await, Upsert::Created);
    assert_eq!(store.put_practice(&base).await, Upsert::Unchanged);
    let others = [
        Practice { source: OTHER_SOURCE, ..base.clone() },
        Practice { name: "allydvm test practice".to_owned(), ..base.clone() },
        Practice { slug: "ally".to_owned(), ..base.clone() },
        Practice { pms: None, ..base.clone() },
        Practice { sms: text(""), ..base.clone() },
        Practice { features: Vec::new(), ..base.clone() },
        Practice { features: base.features.iter().rev().cloned().collect(), ..base.clone() },
        Practice { time_zone: "America/Chicago".parse().expect("a time zone"), ..base.clone() },
        Practice { enterprise_ids: vec![1, 1123, 5813], ..base.clone() },
        base.clone(),
    ];
    for other in others {
        assert_eq!(store.put_practice(&other).await, Upsert::Updated, "{other:?}");
        assert_eq!(store.put_practice(&other).await, Upsert::Unchanged, "{other:?}");
        assert_eq!(store.find_practice(PRACTICE).await, Some(other));
    }
    assert_eq!(store.find_practice(OTHER_PRACTICE).await, Some(bystander));
}

/// Practices are listed in the order of their ids, page by page. The place of a page need not be a practice.
pub async fn practices_are_listed_by_id(storage: impl CompleteStorage) {
    let store = Store::new(storage);
    assert_eq!(store.list_practices(None, 10).await, []);
    for id in [3, i64::MAX, -1, 1] {
        store.put_practice(&practice(PracticeId(id))).await;
    }
    let ids = async |after: Option<i64>, at_most| -> Vec<i64> {
        let listed = store.list_practices(after.map(PracticeId), at_most).await;
        listed.into_iter().map(|practice| practice.id.0).collect()
    };
    assert_eq!(ids(None, usize::MAX).await, [-1, 1, 3, i64::MAX]);
    assert_eq!(ids(None, 2).await, [-1, 1]);
    assert_eq!(ids(Some(1), 2).await, [3, i64::MAX]);
    assert_eq!(ids(Some(2), 1).await, [3]);
    assert_eq!(ids(Some(i64::MAX), 1).await, [0; 0]);
    let whole = store.list_practices(Some(PracticeId(2)), 1).await;
    assert_eq!(whole, [practice(PracticeId(3))]);
}
