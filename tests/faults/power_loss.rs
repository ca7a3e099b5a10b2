//! Power loss: what the device has at one moment is all that is left. A copy of the image of a mounted file system has
//! what was written to the device, and nothing of what is in the caches above it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::sleep;

use super::harness::{Chance, Server};
use super::load::Load;

/// A file system on an image. Dropping it unmounts it.
struct Disk {
    folder: TempDir,
    mounted: Mutex<PathBuf>,
}

fn run(program: &str, arguments: &[&Path]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}

impl Disk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let image = folder.path().join("image-0");
        fs::File::create(&image).and_then(|file| file.set_len(64 << 20)).expect("an image");
        run("mkfs.ext4", &[Path::new("-q"), Path::new("-F"), &image]);
        fs::create_dir(folder.path().join("disk")).expect("a folder");
        let disk = Self { folder, mounted: Mutex::new(image) };
        disk.mount();
        disk
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn mount(&self) {
        let image = self.mounted.lock().expect("no panic").clone();
        run("mount", &[Path::new("-o"), Path::new("loop"), &image, &self.path()]);
    }

    /// Keeps what the device has now, as after a power loss.
    fn copy_of_the_device(&self, number: u64) -> PathBuf {
        let copy = self.folder.path().join(format!("image-{number}"));
        let image = self.mounted.lock().expect("no panic").clone();
        run("cp", &[Path::new("--sparse=always"), &image, &copy]);
        copy
    }

    /// Puts the device of a power loss in the place of this one. Nothing may use it.
    fn replace_by(&self, copy: PathBuf) {
        run("umount", &[&self.path()]);
        let before = std::mem::replace(&mut *self.mounted.lock().expect("no panic"), copy);
        fs::remove_file(before).expect("removed");
        self.mount();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(status.expect("kill runs").success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "mounts a file system, as root on Linux; `just ci-full` runs it"]
async fn acknowledged_writes_survive_a_power_loss() {
    const ROUNDS: u64 = 20;
    let disk = Arc::new(Disk::new());
    let url = format!("sqlite://{}", disk.path().join("own.db").display());
    let settings = [
        ("ASTEROID_DATABASE__URL", url.as_str()),
        ("ASTEROID_LIMITS__ENABLED", "false"),
        ("ASTEROID_PASSWORDS__HASHING__MEMORY_KIB", "8"),
        ("ASTEROID_PASSWORDS__HASHING__ITERATIONS", "1"),
        ("ASTEROID_SESSIONS__PER_USER", "10000"),
        ("ASTEROID_LOG__LEVEL", "info"),
    ];
    let mut server = Server::start_with(&settings).await;
    let (mut chance, mut sessions, mut dropped) = (Chance(1789), Vec::new(), 0);
    for round in 1..=ROUNDS {
        let load = Load::start_as(&server, &format!("martha{round}@example.com")).await;
        load.succeeds().await;
        sleep(Duration::from_millis(chance.below(700))).await;
        // No write reaches the device by itself while it is copied: the server stands still, and what was not synced stays in
        // the cache for longer than the copy takes.
        signal("STOP", server.pid());
        let unsynced = disk.path().join(format!("unsynced-{round}"));
        fs::write(&unsynced, [7; 4096]).expect("written");
        let copy = disk.copy_of_the_device(round);
        signal("KILL", server.pid());
        let seen = load.end().await;
        disk.replace_by(copy);
        dropped += u64::from(!fs::read(&unsynced).is_ok_and(|bytes| bytes == [7; 4096]));
        server.restart().await;
        sessions.extend(seen.sessions);
        for token in &sessions {
            assert_eq!(server.get("/v1/auth/me", Some(token)).await.status, 200, "acknowledged, and gone");
        }
    }
    println!("{ROUNDS} power losses, {} acknowledged sign-ins, 0 lost", sessions.len());
    assert_eq!(dropped, ROUNDS, "what was not synced is lost, or the test shows nothing");
}
