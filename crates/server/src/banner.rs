//! The banner of a development server.

use std::net::SocketAddr;

use crate::config::{DatabaseUrl, Settings};

/// Where the server listens, where its data and messages are, and what to try first.
pub(crate) fn banner(
    settings: &Settings,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    first_administrator: Option<&str>,
) -> String {
    let place = |url: &str| match url {
        "console:" => "are printed here".to_owned(),
        "none:" => "are off".to_owned(),
        url => format!("go to {url}"),
    };
    let database = match &settings.database.url {
        DatabaseUrl::Sqlite(path) => path.display().to_string(),
        DatabaseUrl::Postgres(url) => url.to_string(),
    };
    let (email, sms) = (settings.email.url.to_string(), settings.sms.url.to_string());
    let messages = if email == sms {
        format!("e-mails and SMS {}", place(&email))
    } else {
        format!("e-mails {}, SMS {}", place(&email), place(&sms))
    };
    let console =
        admin.map(|admin| format!("\n  console   http://{admin}/admin/\n  metrics   http://{admin}/metrics"));
    let console = console.unwrap_or_default();
    let first = admin.zip(first_administrator).map(|(admin, path)| {
        format!("\nThere is no administrator yet. This link makes one, once:\n\nhttp://{admin}{path}\n")
    });
    let first = first.unwrap_or_default();
    format!(
        r#"
{name} listens on http://{address} (development: this machine only)
  data      {database}
  messages  {messages}
  codes     http://{address}/dev/outbox
  API       http://{address}/docs{console}
{first}
Try it from a second terminal. The last line waits for the code:

curl -s http://{address}/v1/auth/register -H 'Content-Type: application/json' -d '{{
  "first_name": "George", "last_name": "Washington", "type": "personal",
  "email": "george.washington@example.com",
  "password": "IWasTheFirstPrez1776", "password_confirmation": "IWasTheFirstPrez1776"
}}'
printf 'The code: '; read -r CODE

Then verify the code, sign in, and ask for the user:

curl -s http://{address}/v1/auth/verification_codes/verify -H 'Content-Type: application/json' -d '{{
  "contact": "george.washington@example.com", "code": "'"$CODE"'"
}}'
TOKEN=$(curl -s http://{address}/v1/auth/login -H 'Content-Type: application/json' -d '{{
  "contact": "george.washington@example.com", "password": "IWasTheFirstPrez1776"
}}' | sed 's/.*"access_token":"\([0-9a-f]*\)".*/\1/')
curl -s http://{address}/v1/auth/me -H "Authorization: Bearer $TOKEN"

"#,
        name = settings.product.name.trim(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use asteroid_delivery::DeliveryUrl;

    #[test]
    fn banner_has_the_commands_and_the_lines_of_the_readme() {
        const README: &str = include_str!("../../../README.md");
        let settings = Settings::default();
        let text = banner(&settings, settings.http.bind, settings.admin.bind, None);
        let (_, walk) = README.split_once("\n## A walkthrough").expect("the README has a walkthrough");
        let block = |block: &'static str| block.split("\n```").next().unwrap_or_default();
        let printed = walk.split("```text\n").nth(1).map(block).expect("what is printed");
        let commands = walk.split("```sh\n").skip(1).take(2).map(block);
        for block in commands.chain([printed]) {
            assert!(text.contains(block), "{block}\n\n{text}");
        }
    }

    #[test]
    fn banner_shows_addresses_and_paths() {
        let mut settings = Settings::default();
        settings.sms.url = DeliveryUrl::File("data/sms.ndjson".into());
        let text = banner(&settings, settings.http.bind, settings.admin.bind, None);
        let lines: Vec<&str> = text.lines().take(8).collect();
        assert_eq!(
            lines,
            [
                "",
                "Asteroid listens on http://127.0.0.1:8080 (development: this machine only)",
                "  data      data/asteroid.db",
                "  messages  e-mails are printed here, SMS go to file:data/sms.ndjson",
                "  codes     http://127.0.0.1:8080/dev/outbox",
                "  API       http://127.0.0.1:8080/docs",
                "  console   http://127.0.0.1:8081/admin/",
                "  metrics   http://127.0.0.1:8081/metrics",
            ]
        );
        let text = banner(&settings, settings.http.bind, settings.admin.bind, Some("/admin/first?token=1"));
        assert!(text.contains("\nhttp://127.0.0.1:8081/admin/first?token=1\n"), "{text}");
        settings.admin.bind = None;
        let text = banner(&settings, settings.http.bind, settings.admin.bind, Some("/admin/first?token=1"));
        assert!(!text.contains("/admin/"), "{text}");
    }
}
