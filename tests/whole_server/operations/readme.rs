//! The commands of the README, pasted into shells.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::Server;

const README: &str = include_str!("../../../README.md");

/// The shell blocks of the section with this heading.
fn blocks(heading: &str) -> Vec<&'static str> {
    let (_, section) = README.split_once(heading).expect("the README has the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap_or_default()).collect()
}

/// bash, and zsh, the default shell of macOS.
fn shells() -> Vec<&'static str> {
    let has_zsh = Command::new("zsh").args(["-fc", "exit"]).status().is_ok_and(|status| status.success());
    if has_zsh {
        return vec!["bash", "zsh"];
    }
    assert!(std::env::var_os("ASTEROID_REQUIRE_ZSH").is_none(), "zsh is not installed");
    println!("skipped for zsh: it is not installed");
    vec!["bash"]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_quick_start_works_in_bash_and_zsh() {
    for shell in shells() {
        quick_start(shell).await;
    }
}

async fn quick_start(shell: &str) {
    let settings = [("ASTEROID_EMAIL__URL", "console:"), ("ASTEROID_SMS__URL", "console:")];
    let server = Server::start_with(&settings).await;
    let [register, rest, ..] = blocks("\n## Quick start")[..] else {
        panic!("the quick start begins with two blocks")
    };
    let script = format!("{register}\n{rest}").replace("http://127.0.0.1:8080", &server.url(""));
    let mut running = Command::new(shell)
        .args(["-ec", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the shell runs");
    // A user reads the code on the server's terminal and types it.
    let start = Instant::now();
    let code = loop {
        let log = server.log();
        if let Some((_, code)) = log.split_once("Code: ") {
            break code.lines().next().expect("the code").trim().to_owned();
        }
        assert!(start.elapsed() < Duration::from_secs(60), "no code on the console:\n{log}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    writeln!(running.stdin.take().expect("an input"), "{code}").expect("typed");
    let output = running.wait_with_output().expect("the shell ends");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.starts_with("{}"), "{printed}");
    assert!(printed.contains(r#""email":"george.washington@example.com""#), "{printed}");
    assert!(printed.contains(r#""first_name":"George""#), "{printed}");
}

#[tokio::test]
async fn the_practice_api_section_works_in_bash_and_zsh() {
    let server = Server::start().await;
    let [import, clients] = blocks("### The practice API")[..] else { panic!("the section has two blocks") };
    let file = import.split_whitespace().last().expect("the file to be imported");
    let file = format!("{}/../../{file}", env!("CARGO_MANIFEST_DIR"));
    let imported = server.run(&["import", &file]);
    assert!(imported.status.success(), "{imported:?}");
    let script = clients.replace("http://127.0.0.1:8080", &server.url(""));
    let refused = r#"{"error":"You must accept the terms before using this endpoint."}"#;
    let mut is_accepted = false;
    for shell in shells() {
        let output = Command::new(shell).args(["-ec", &script]).output().expect("the shell runs");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        // The terms stay accepted: only the first shell is refused.
        let expected = if is_accepted { printed.contains("[{") } else { printed.starts_with(refused) };
        assert!(expected, "{shell}: {printed}");
        assert!(printed.contains(&format!("{}[{{", r#"{"success":"success"}"#)), "{shell}: {printed}");
        assert!(printed.contains(r#""practiceName":"Harbor Lane Veterinary Clinic""#), "{shell}: {printed}");
        is_accepted = true;
    }
}
