//! The files of an `SQLite` database while the server runs. These servers use SQLite in every test target.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io};

use serde_json::json;
use tempfile::TempDir;

use crate::harness::Server;

const PASSWORD: &str = "a fine long password";

#[tokio::test]
async fn a_replaced_sqlite_file_stops_writes_and_readiness_until_it_is_restored() {
    let settings = [("ASTEROID_DATABASE__URL", "sqlite://own.db"), ("ASTEROID_LIMITS__ENABLED", "false")];
    let mut server = Server::start_with(&settings).await;
    let token = server.user("martha@example.com", PASSWORD).await;
    let (file, kept) = (server.folder().join("own.db"), server.folder().join("kept.db"));
    fs::rename(&file, &kept).expect("moved");
    fs::copy(&kept, &file).expect("a copy in its place");

    let ready = server.get("/readyz", None).await;
    assert_eq!(
        (ready.status.as_u16(), ready.json()["reason"].as_str()),
        (503, Some("the store is unavailable"))
    );
    let refused = server.sign_in("martha@example.com", PASSWORD).await;
    assert_eq!(
        (refused.status.as_u16(), refused.header("retry-after")),
        (503, Some("5")),
        "{}",
        refused.text
    );
    assert_eq!(server.get("/healthz", None).await.status, 200);
    let log = server.log();
    let line = log
        .lines()
        .find(|line| line.contains("ERROR") && line.contains("own.db was deleted, moved or replaced"));
    assert!(line.is_some_and(|line| line.contains("stop the server, restore the file")), "{log}");

    assert!(server.stop().success());
    fs::rename(&kept, &file).expect("restored");
    server.restart().await;
    assert_eq!(server.get("/v1/auth/me", Some(&token)).await.status, 200);
    server.sign_in("martha@example.com", PASSWORD).await.token();
}

/// A file system of 4 MiB in memory. Dropping it unmounts it.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// [`None`] if this process may not mount one.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        let mount =
            mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_stops_writes_and_readiness_until_there_is_space() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("skipped: only root on Linux can mount a small file system");
        return;
    };
    let url = format!("sqlite://{}", disk.0.path().join("own.db").display());
    let settings = [("ASTEROID_DATABASE__URL", url.as_str()), ("ASTEROID_LIMITS__ENABLED", "false")];
    let server = Server::start_with(&settings).await;
    let token = server.user("martha@example.com", PASSWORD).await;
    let filler = disk.0.path().join("filler");
    let mut file = fs::File::create(&filler).expect("a file");
    let full = io::copy(&mut io::repeat(1), &mut file).expect_err("the disk is full");
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);

    // The log has some room that it has taken already.
    let mut statuses = Vec::new();
    while statuses.last() != Some(&503) {
        assert!(statuses.len() < 2000, "writes go on on a full disk: {statuses:?}");
        statuses.push(
            server
                .post("/v1/auth/verification_codes/send", &json!({"email": "martha@example.com"}))
                .await
                .status
                .as_u16(),
        );
    }
    assert!(statuses.iter().rev().skip(1).all(|status| *status == 204), "{statuses:?}");
    let ready = server.get("/readyz", None).await;
    assert_eq!(
        (ready.status.as_u16(), ready.json()["reason"].as_str()),
        (503, Some("the store is unavailable"))
    );
    assert_eq!(server.get("/healthz", None).await.status, 200);
    assert_eq!(server.get("/v1/auth/me", Some(&token)).await.status, 200);

    fs::remove_file(&filler).expect("removed");
    drop(file);
    let start = Instant::now();
    while server.get("/readyz", None).await.status != 200 {
        assert!(start.elapsed() < Duration::from_secs(5), "not ready:\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.sign_in("martha@example.com", PASSWORD).await.token();
}
