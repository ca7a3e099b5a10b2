//! The conformance suite on the store in memory.

use asteroid_memory::MemoryStorage;

async fn make_storage() -> (MemoryStorage, ()) {
    (MemoryStorage::default(), ())
}

asteroid_conformance::suite!(make_storage);
