//! The cost of a hash with the default parameters on this machine: one at a time, and with all threads busy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use asteroid_argon2::{Argon2Hasher, Argon2Settings};
use asteroid_identity::{Password, PasswordHasher, Verdict};
use asteroid_kernel::system::SystemRandomness;

const HASHES: u32 = 40;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let settings = Argon2Settings::default();
    let hasher = Arc::new(Argon2Hasher::start(settings, Arc::new(SystemRandomness)).expect("a hasher"));
    verify(&hasher).await;

    let start = Instant::now();
    for _ in 0..HASHES {
        verify(&hasher).await;
    }
    let alone = start.elapsed();

    let start = Instant::now();
    let tasks: Vec<_> = (0..HASHES)
        .map(|_| {
            let hasher = Arc::clone(&hasher);
            tokio::spawn(async move { verify(&hasher).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let together = start.elapsed();

    let Argon2Settings { memory_kib, iterations, parallelism, threads, .. } = settings;
    println!("argon2id, m={memory_kib} KiB, t={iterations}, p={parallelism}");
    println!("one at a time: {:.1} ms a hash", millis(alone) / f64::from(HASHES));
    println!("{threads} at a time: {:.1} hashes a second", f64::from(HASHES) / together.as_secs_f64());
}

async fn verify(hasher: &Argon2Hasher) {
    let verdict =
        hasher.verify(&Password::new("IWasTheFirstPrez1776"), None).await.expect("room in the gate");
    assert_eq!(verdict, Verdict::Mismatch);
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
