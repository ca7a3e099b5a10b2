//! The store in memory does what every store must.

use asteroid_memory::MemoryStorage;

async fn make_storage() -> (MemoryStorage, ()) {
    (MemoryStorage::default(), ())
}

asteroid_conformance::suite!(make_storage);
