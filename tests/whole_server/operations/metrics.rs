//! `/metrics` on the admin listener.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{BACKEND, Backend, Server};

const EMAIL: &str = "martha.custis@example.com";
const PASSWORD: &str = "Chestnut-Grove-1731";

/// A server with an admin listener, which one user signed in to, once with a wrong password.
async fn used_server() -> Server {
    let server = Server::start_with(&[("ASTEROID_ADMIN__BIND", "127.0.0.1:0")]).await;
    let token = server.user(EMAIL, PASSWORD).await;
    assert_eq!(server.sign_in(EMAIL, "a wrong password").await.status, 401);
    assert_eq!(server.sign_in(EMAIL, PASSWORD).await.status, 200);
    assert_eq!(server.get("/v1/auth/sessions", Some(&token)).await.status, 200);
    assert_eq!(server.get("/no/such/path", None).await.status, 404);
    server
}

async fn metrics(server: &Server) -> String {
    let response =
        server.client.get(format!("http://{}/metrics", server.admin())).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    response.text().await.expect("text")
}

/// The value of a series, written as in the answer.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    Some(line.parse().expect("a number"))
}

#[tokio::test]
async fn metrics_count_what_the_server_did() {
    let server = used_server().await;
    let text = metrics(&server).await;
    for (series, expected) in [
        (r#"asteroid_http_requests_total{method="POST",route="/v1/auth/login",status="200"}"#, 1.0),
        (r#"asteroid_http_requests_total{method="POST",route="/v1/auth/login",status="401"}"#, 1.0),
        (r#"asteroid_http_requests_total{method="GET",route="none",status="404"}"#, 1.0),
        (r#"asteroid_http_request_duration_seconds_count{method="POST",route="/v1/auth/login"}"#, 2.0),
        (r#"asteroid_sign_ins_total{method="password",outcome="done"}"#, 1.0),
        (r#"asteroid_sign_ins_total{method="password",outcome="invalid_credentials"}"#, 1.0),
        (r#"asteroid_sign_ins_total{method="code",outcome="done"}"#, 1.0),
        (r#"asteroid_codes_sent_total{channel="email"}"#, 1.0),
        (r#"asteroid_codes_redeemed_total{use_case="verify_code"}"#, 1.0),
        (r#"asteroid_message_deliveries_total{channel="email",outcome="delivered"}"#, 1.0),
        (r#"asteroid_message_deliveries_total{channel="sms",outcome="refused"}"#, 0.0),
        (r#"asteroid_limits_hit_total{use_case="sign_in"}"#, 0.0),
        ("asteroid_hash_gate_in_use", 0.0),
        ("asteroid_hash_gate_waiting", 0.0),
        ("asteroid_store_up", 1.0),
        ("asteroid_sessions_live", 2.0),
        (r#"asteroid_outbox_waiting{channel="sms"}"#, 0.0),
        (r#"asteroid_outbox_oldest_age_seconds{channel="sms"}"#, 0.0),
        ("asteroid_store_units_refused_total", 0.0),
    ] {
        assert_eq!(value(&text, series), Some(expected), "{series} in\n{text}");
    }
    // The registration and two sign-ins.
    assert_eq!(value(&text, "asteroid_hash_gate_wait_seconds_count"), Some(3.0));
    for series in [
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
        r#"asteroid_store_unit_duration_seconds_count{access="write"}"#,
    ] {
        assert!(value(&text, series).is_some_and(|value| value > 0.0), "{series} in\n{text}");
    }
    assert_eq!(value(&text, "asteroid_store_connections_max").is_some(), BACKEND == Backend::Postgres);
    for canary in [EMAIL, PASSWORD, "martha", "/no/such/path"] {
        assert!(!text.contains(canary), "{canary}");
    }
    assert_eq!(server.get("/metrics", None).await.status, 404, "not on the public listener");
}

#[tokio::test]
async fn every_metric_has_a_help_line_and_few_series() {
    let text = metrics(&used_server().await).await;
    let names = |keyword: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(keyword)?.split(' ').next());
        lines.map(str::to_owned).collect()
    };
    assert_eq!(names("# HELP "), names("# TYPE "));
    assert!(text.lines().count() < 2000, "{text}");
}

/// Runs promtool, which comes with Prometheus.
fn promtool(arguments: &[&str], input: Option<&str>) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), input.unwrap_or_default()).expect("written");
    let output = Command::new("promtool")
        .args(arguments)
        .stdin(fs::File::open(file.path()).expect("the file"))
        .output()
        .expect("promtool is installed: apt-get install prometheus");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
#[ignore = "needs Prometheus: just ci-full installs it"]
async fn prometheus_scrapes_the_server_and_accepts_the_alert_rules() {
    let server = used_server().await;
    promtool(&["check", "metrics"], Some(&metrics(&server).await));
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/monitoring/alerts.yml");
    promtool(&["check", "rules", rules], None);

    let folder = tempfile::tempdir().expect("a folder");
    let target = server.admin();
    let config = json!({
        "global": {"scrape_interval": "1s"},
        "rule_files": [rules],
        "scrape_configs": [{"job_name": "asteroid", "static_configs": [{"targets": [target]}]}],
    });
    // YAML is a superset of JSON.
    let file = folder.path().join("prometheus.yml");
    fs::write(&file, config.to_string()).expect("written");
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let log = fs::File::create(folder.path().join("log")).expect("a file");
    let _prometheus = Ended(
        Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus is installed: apt-get install prometheus"),
    );
    let query = r#"asteroid_sign_ins_total{method="password",outcome="invalid_credentials"}"#;
    let start = Instant::now();
    loop {
        let url = reqwest::Url::parse_with_params(
            &format!("http://127.0.0.1:{port}/api/v1/query"),
            [("query", query)],
        );
        if let Ok(response) = server.client.get(url.expect("a URL")).send().await
            && let Ok(text) = response.text().await
            && let Ok(answer) = serde_json::from_str::<Value>(&text)
            && let Some(result) = answer["data"]["result"].get(0)
        {
            assert_eq!(result["value"][1], "1");
            assert_eq!(result["metric"]["instance"], target);
            return;
        }
        let log = || fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        assert!(start.elapsed() < Duration::from_secs(60), "no answer:\n{}", log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
