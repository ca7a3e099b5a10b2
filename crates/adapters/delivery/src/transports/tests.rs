use std::fs;

use super::smtp::SmtpSecurity;
use super::twilio::TwilioSender;
use super::*;
use crate::samples;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn parse(text: &str) -> Result<DeliveryUrl, DeliveryUrlError> {
    text.parse()
}

fn error(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

fn smtp(text: &str) -> SmtpUrl {
    match parse(text) {
        Ok(DeliveryUrl::Smtp(url)) => *url,
        other => panic!("{text}: {other:?}"),
    }
}

fn twilio(text: &str) -> TwilioUrl {
    match parse(text) {
        Ok(DeliveryUrl::Twilio(url)) => *url,
        other => panic!("{text}: {other:?}"),
    }
}

fn webhook(text: &str) -> WebhookUrl {
    match parse(text) {
        Ok(DeliveryUrl::Webhook(url)) => *url,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn console_and_file_urls_are_parsed_and_displayed() {
    for (text, url, displayed) in [
        ("console:", DeliveryUrl::Console, "console:"),
        ("Console:", DeliveryUrl::Console, "console:"),
        ("file:messages.ndjson", DeliveryUrl::File("messages.ndjson".into()), "file:messages.ndjson"),
        ("file:/tmp/a b%20:c", DeliveryUrl::File("/tmp/a b%20:c".into()), "file:/tmp/a b%20:c"),
        ("file:///tmp/messages", DeliveryUrl::File("/tmp/messages".into()), "file:/tmp/messages"),
    ] {
        assert_eq!(parse(text), Ok(url.clone()), "{text}");
        assert_eq!(url.to_string(), displayed);
        assert_eq!(parse(displayed), Ok(url));
    }
}

#[test]
fn an_smtp_url_is_parsed_with_all_parts_decoded() {
    let url = smtp(
        "smtp://robot%40example.com:p%40s%3As%2Fw%25%C3%B6rd@Mail.Example.com:2525\
                    ?from=Asteroid%20<no-reply@m%C3%BCller.example>&tls=opportunistic&timeout=5&ca=/etc/ca%20file.pem",
    );
    assert_eq!(url.security, SmtpSecurity::Opportunistic);
    assert_eq!((url.host.to_string().as_str(), url.port), ("mail.example.com", 2525));
    let credentials = url.credentials.expect("credentials");
    assert_eq!(
        (credentials.user.as_str(), credentials.password.0.as_str()),
        ("robot@example.com", "p@s:s/w%örd")
    );
    assert_eq!(url.from.name.as_deref(), Some("Asteroid"));
    assert_eq!(url.from.email.to_string(), "no-reply@xn--mller-kva.example");
    assert_eq!(url.timeout, Duration::from_secs(5));
    assert_eq!(url.ca, Some("/etc/ca file.pem".into()));
}

#[test]
fn an_smtp_url_has_defaults() {
    for (text, security, port) in [
        ("smtp://mail.example.com?from=a@example.com", SmtpSecurity::Required, 587),
        ("SMTP://mail.example.com/?from=a@example.com&", SmtpSecurity::Required, 587),
        ("smtp://mail.example.com?from=a@example.com&tls=required", SmtpSecurity::Required, 587),
        ("smtp://[::1]?from=a@example.com&tls=none", SmtpSecurity::None, 587),
        ("smtps://mail.example.com?from=a@example.com", SmtpSecurity::Implicit, 465),
    ] {
        let url = smtp(text);
        assert_eq!((url.security, url.port), (security, port), "{text}");
        assert!(url.credentials.is_none() && url.ca.is_none() && url.from.name.is_none(), "{text}");
        assert_eq!(url.timeout, Duration::from_secs(10));
    }
}

#[test]
fn smtp_senders_are_parsed_with_and_without_a_name() {
    for (from, name, address) in [
        ("a@example.com", None, "a@example.com"),
        ("bounces+asteroid@example.com", None, "bounces+asteroid@example.com"),
        ("<a@example.com>", None, "a@example.com"),
        ("%22Asteroid,%20Inc.%22 <a@example.com>", Some("Asteroid, Inc."), "a@example.com"),
        ("Müller%20%26%20S%C3%B6hne%20%3Ca%40example.com%3E", Some("Müller & Söhne"), "a@example.com"),
    ] {
        let url = smtp(&format!("smtps://mail.example.com?from={from}"));
        assert_eq!((url.from.name.as_deref(), url.from.email.as_ref()), (name, address), "{from}");
    }
    for from in ["Asteroid", "a@", "a@b c", "a b <a@example.com", "ö@example.com", "a@b.com, c@d.com"] {
        let error = error(&format!("smtps://mail.example.com?from={from}"));
        assert!(error.starts_with("`from=` must be an address with only ASCII"), "{from}: {error}");
    }
}

#[test]
fn a_twilio_url_is_parsed_with_a_number_or_a_messaging_service() {
    let url = twilio("twilio://AC01:to%2Fken@api.dublin.ie1.twilio.com?from=%2B15005550006");
    assert_eq!((url.account.as_str(), url.token.0.as_str()), ("AC01", "to/ken"));
    assert!(url.sender == TwilioSender::From("+15005550006".to_owned()) && !url.is_plain_http());
    assert_eq!(
        url.endpoint.as_str(),
        "https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/AC01/Messages.json"
    );
    // A plus sign is itself.
    assert!(twilio("twilio://AC01:t@api.twilio.com?from=+15005550006").sender == url.sender);
    let url = twilio("twilio+http://AC01:t@127.0.0.1:8080?messaging_service_sid=MG01");
    assert!(url.sender == TwilioSender::MessagingService("MG01".to_owned()) && url.is_plain_http());
    assert_eq!(url.endpoint.as_str(), "http://127.0.0.1:8080/2010-04-01/Accounts/AC01/Messages.json");
}

#[test]
fn a_webhook_url_is_parsed_and_keeps_the_endpoints_parameters() {
    let text = format!("webhook+https://hooks.example.com/T01/x?key=a%20b&secret={SECRET}&ca=ca.pem&quiet");
    let url = webhook(&text);
    assert_eq!(url.endpoint.as_str(), "https://hooks.example.com/T01/x?key=a%20b&quiet");
    assert_eq!((url.key.0.len(), url.ca), (24, Some("ca.pem".into())));
    let url = webhook(&format!("webhook+http://[::1]:8080/?secret={SECRET}"));
    assert_eq!(url.endpoint.as_str(), "http://[::1]:8080/");
    // Padded or not, encoded or not.
    let key = [0xfb; 25];
    for secret in [
        "whsec_+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+w==",
        "whsec_%2B/v7%2B/v7%2B/v7%2B/v7%2B/v7%2B/v7%2B/v7%2B/v7%2Bw",
    ] {
        let url = webhook(&format!("webhook+https://hooks.example.com?secret={secret}"));
        assert_eq!(url.key.0, key, "{secret}");
    }
}

#[test]
fn an_invalid_scheme_is_an_error_that_lists_the_forms() {
    const FORMS: &str =
        "use `console:`, `file:PATH`, `smtp://…`, `smtps://…`, `twilio://…`, `webhook+https://…` or `none:`";
    for (text, wrong) in [
        ("", "this is not a delivery URL"),
        ("console", "this is not a delivery URL"),
        ("/tmp/a:b", "this is not a delivery URL"),
        ("SG.secret:word", "its scheme is unknown"),
        ("POP://george:secret@example.com", "its scheme is unknown"),
    ] {
        assert_eq!(error(text), format!("{wrong}: {FORMS}"));
    }
    for (text, wrong) in [
        ("console:now", "nothing may follow `console:`"),
        ("none://", "nothing may follow `none:`"),
        ("file:", "`file:` needs a path: `file:PATH`"),
        ("file://messages", "`file:` takes no host: use `file:PATH`, without slashes before a relative path"),
    ] {
        assert_eq!(error(text), wrong);
    }
}

#[test]
fn an_invalid_smtp_url_is_an_error_with_an_example() {
    const LIKE: &str =
        "write it like `smtp://USER:PASSWORD@mail.example.com:587?from=Asteroid%20<no-reply@example.com>`";
    for (rest, wrong) in [
        ("//mail.example.com", "`from=` is missing"),
        ("//mail.example.com?from=", "`from=` is missing"),
        ("//mail.example.com?from=a@b.com&from=a@b.com", "`from=` occurs more than once"),
        ("//mail.example.com?from=a@b.com&tls=yes", "`tls=` must be `required`, `opportunistic` or `none`"),
        ("//mail.example.com?from=a@b.com&timeout=0", "`timeout=` must be a number of seconds from 1 to 20"),
        (
            "//mail.example.com?from=a@b.com&timeout=10s",
            "`timeout=` must be a number of seconds from 1 to 20",
        ),
        ("//mail.example.com/inbox?from=a@b.com", "it has a path, which is not supported"),
        ("//mail.example.com?from=a@b.com#top", "it contains a `#`, which is written as `%23`"),
        ("//mail.example.com?from=%FF@b.com", "one of its values is not text on one line"),
        ("//a%0d:b@mail.example.com?from=a@b.com", "its user name is not text on one line"),
        ("//robot@mail.example.com?from=a@b.com", "a user name and a password go together"),
        ("//:word@mail.example.com?from=a@b.com", "a user name and a password go together"),
        ("mail.example.com?from=a@b.com", "it has no host"),
        ("//?from=a@b.com", "it has no host"),
        ("//:25?from=a@b.com", "it has no host"),
        (
            "//mail.example.com?from=a@b.com&charset=utf-8",
            "it has an unknown parameter; the known ones are `from=`, `tls=` (for smtp: only), `timeout=` and `ca=`",
        ),
    ] {
        assert_eq!(error(&format!("smtp:{rest}")), format!("{wrong}: {LIKE}"), "{rest}");
    }
    let unreadable = error("smtp://robot:pass/word@mail.example.com?from=a@b.com");
    assert!(unreadable.starts_with("its host or port is not valid; in names, passwords"), "{unreadable}");
    let only_smtp = error("smtps://mail.example.com?from=a@b.com&tls=none");
    assert!(only_smtp.starts_with("it has an unknown parameter; "), "{only_smtp}");
    assert!(only_smtp.contains("write it like `smtps://"), "{only_smtp}");
}

#[test]
fn an_invalid_twilio_url_is_an_error_with_an_example() {
    const LIKE: &str = "write it like `twilio://ACCOUNT_SID:AUTH_TOKEN@api.twilio.com?from=%2B15005550006`";
    for (text, wrong) in [
        ("twilio://api.twilio.com?from=1", "the account SID and the auth token are missing"),
        ("twilio://AC01@api.twilio.com?from=1", "a user name and a password go together"),
        (
            "twilio://A%2FC:t@api.twilio.com?from=1",
            "the account is not a SID, which has letters and digits only",
        ),
        ("twilio://AC01:t@api.twilio.com", "`from=` is missing"),
        ("twilio://AC01:t@api.twilio.com/2010?from=1", "it has a path, which is not supported"),
        (
            "twilio://AC01:t@api.twilio.com?from=1&messaging_service_sid=2",
            "`from=` and `messaging_service_sid=` exclude each other",
        ),
        (
            "twilio://AC01:t@api.twilio.com?from=1&to=2",
            "it has an unknown parameter; the known ones are `from=` and `messaging_service_sid=`",
        ),
        (
            "twilio+http://AC01:t@api.twilio.com?from=1",
            "plain HTTP is only for this machine (localhost, 127.0.0.1 or [::1])",
        ),
    ] {
        assert_eq!(error(text), format!("{wrong}: {LIKE}"), "{text}");
    }
}

#[test]
fn an_invalid_webhook_url_is_an_error_with_an_example() {
    const LIKE: &str = "write it like `webhook+https://hooks.example.com/asteroid?secret=whsec_BASE64`";
    const BAD: &str = "`secret=` must be `whsec_` and 24 to 64 random bytes in base64";
    for (text, wrong) in [
        ("webhook+https://hooks.example.com".to_owned(), "`secret=` is missing"),
        ("webhook+https://hooks.example.com?secret=MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(), BAD),
        ("webhook+https://hooks.example.com?secret=whsec_MfKQ9r8GKYqrTwjU".to_owned(), BAD),
        ("webhook+https://hooks.example.com?secret=whsec_!".to_owned(), BAD),
        (format!("webhook+https:hooks.example.com?secret={SECRET}"), "it has no host"),
        (
            format!("webhook+https://token@hooks.example.com?secret={SECRET}"),
            "it has a user name, which is not supported: the secret signs the requests",
        ),
        (
            format!("webhook+http://hooks.example.com?secret={SECRET}"),
            "plain HTTP is only for this machine (localhost, 127.0.0.1 or [::1])",
        ),
    ] {
        assert_eq!(error(&text), format!("{wrong}: {LIKE}"), "{text}");
    }
}

#[test]
fn display_and_debug_of_a_url_mask_its_secrets() {
    for (text, displayed) in [
        (
            "smtp://robot:hunter2@mail.example.com?from=A%20B%20<a@example.com>",
            "smtp://robot:***@mail.example.com:587?from=A%20B%20%3Ca%40example.com%3E",
        ),
        (
            "smtp://r@b:hunter2@mail.example.com:25?timeout=5&from=a@example.com&ca=/ca.pem&tls=opportunistic",
            "smtp://r%40b:***@mail.example.com:25?from=a%40example.com&tls=opportunistic&timeout=5&ca=%2Fca.pem",
        ),
        ("smtps://[::1]?from=a@example.com", "smtps://[::1]:465?from=a%40example.com"),
        (
            "twilio://AC01:hunter2@api.twilio.com?from=%2B15005550006",
            "twilio://AC01:***@api.twilio.com?from=%2B15005550006",
        ),
        (
            "twilio+http://AC01:hunter2@localhost:80?messaging_service_sid=MG01",
            "twilio+http://AC01:***@localhost:80?messaging_service_sid=MG01",
        ),
        (
            "webhook+https://hooks.example.com:444/hunter2?k=hunter2&secret=whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg",
            "webhook+https://hooks.example.com:444/***?secret=***",
        ),
    ] {
        let url = parse(text).expect(text);
        assert_eq!(url.to_string(), displayed);
        let debug = format!("{url:?} {:?}", AnyTransport::from(url.clone()));
        assert!(!debug.contains("hunter2") && !debug.contains("aHVu"), "{debug}");
    }
}

#[test]
fn an_error_contains_no_possible_secret() {
    for text in [
        "secret@host:25",
        "secret",
        ":secret",
        "console:secret",
        "pop://george:secret@example.com",
        "smtp://george:secret@example.com",
        "smtp://george:sec?secret@example.com",
        "smtp://george:123?secret@example.com",
        "smtp://george:secret#@example.com?from=a@b.com",
        "smtp://george:%FFsecret@example.com?from=a@b.com",
        "smtp://secret@example.com?from=a@b.com",
        "smtps://george:word@example.com?from=secret",
        "smtps://george:word@example.com?from=a@b.com&secret",
        "smtp://george:word@example.com?from=a@b.com&tls=secret",
        "twilio://AC01:secret@api.twilio.com",
        "twilio://secret!:word@api.twilio.com?from=1",
        "twilio://AC01:secret@api.twilio.com/secret?from=1",
        "webhook+https://secret@hooks.example.com/secret?secret",
        "webhook+https://hooks.example.com/secret?key=secret",
    ] {
        let error = parse(text).expect_err(text);
        let shown = format!("{error} {error:?}").replace("`secret=", "").replace("?secret=whsec_BASE64", "");
        let shown = shown.replace("the secret signs", "").replace("Missing(\"secret\")", "");
        assert!(!shown.contains("secret"), "{text}: {shown}");
    }
}

#[test]
fn urls_that_expose_codes_are_for_development_only() {
    for (text, is_development_only) in [
        ("console:".to_owned(), true),
        ("file:messages".to_owned(), true),
        ("smtp://localhost?from=a@b.com&tls=none".to_owned(), false),
        ("twilio://AC01:t@api.twilio.com?from=1".to_owned(), false),
        ("twilio+http://AC01:t@127.0.0.1:1?from=1".to_owned(), true),
        (format!("webhook+https://hooks.example.com?secret={SECRET}"), false),
        (format!("webhook+http://localhost?secret={SECRET}"), true),
        (format!("webhook+http://127.0.0.1:9?secret={SECRET}"), false),
        (format!("webhook+http://[::1]?secret={SECRET}"), false),
        ("none:".to_owned(), false),
    ] {
        let url = parse(&text).expect(&text);
        assert_eq!(url.is_development_only(), is_development_only, "{text}");
        if is_development_only {
            assert!(url.production_problem().is_some(), "{text}");
        }
    }
}

#[test]
fn production_rejects_unencrypted_smtp_to_another_machine() {
    let clear =
        Some("it sends codes unencrypted: `tls=none` is for a server on this machine, so leave `tls` out");
    let password = Some(
        "an attacker who removes STARTTLS from the replies gets the password unencrypted: leave `tls` out",
    );
    for (text, problem) in [
        ("smtps://u:p@mail.example.com?from=a@b.com", None),
        ("smtp://u:p@mail.example.com?from=a@b.com", None),
        ("smtp://mail.example.com?from=a@b.com&tls=none", clear),
        ("smtp://10.0.0.1?from=a@b.com&tls=none", clear),
        ("smtp://localhost?from=a@b.com&tls=none", None),
        ("smtp://127.0.0.2?from=a@b.com&tls=none", None),
        ("smtp://u:p@[::1]?from=a@b.com&tls=none", None),
        ("smtp://mail.example.com?from=a@b.com&tls=opportunistic", None),
        ("smtp://u:p@mail.example.com?from=a@b.com&tls=opportunistic", password),
        ("smtp://u:p@localhost?from=a@b.com&tls=opportunistic", None),
    ] {
        assert_eq!(parse(text).expect(text).production_problem().as_deref(), problem, "{text}");
    }
}

#[test]
fn production_accepts_plain_http_to_an_address_of_this_machine_alone() {
    let name =
        Some("it sends codes over plain HTTP: use HTTPS, or the address of this machine, 127.0.0.1 or [::1]");
    for (host, problem) in [
        ("127.0.0.1", None),
        ("127.0.0.2:8080", None),
        ("[::1]:80", None),
        ("localhost", name),
        ("localhost:80", name),
    ] {
        let text = format!("webhook+http://{host}/hook?secret={SECRET}");
        assert_eq!(parse(&text).expect(&text).production_problem().as_deref(), problem, "{text}");
    }
    for host in ["10.0.0.1", "127.0.0.1.example.com", "[::ffff:10.0.0.1]"] {
        let text = format!("webhook+http://{host}?secret={SECRET}");
        assert!(parse(&text).is_err(), "{text}");
    }
    assert_eq!(parse("none:").expect("a URL").production_problem(), None);
}

#[test]
fn production_checks_the_ca_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    let path = file.display();
    let webhook = format!("webhook+https://hooks.example.com?secret={SECRET}&ca={path}");
    let smtp = format!("smtp://mail.example.com?from=a@b.com&ca={path}");
    let problems =
        || [&webhook, &smtp].map(|text| parse(text).expect(text).production_problem().expect("a problem"));
    for problem in problems() {
        let start = format!("the certificates in {path} cannot be read: ");
        assert!(problem.starts_with(&start), "{problem}");
    }
    fs::write(&file, "no certificate").expect("written");
    assert_eq!(problems(), [(); 2].map(|()| format!("there is no certificate in {path}")));
    fs::write(&file, "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n").expect("written");
    for problem in problems() {
        let start = format!("a certificate in {path} cannot be trusted: ");
        assert!(problem.starts_with(&start), "{problem}");
    }
    let certificate = rcgen::generate_simple_self_signed(["example.com".to_owned()]).expect("a certificate");
    fs::write(&file, certificate.cert.pem()).expect("written");
    for text in [webhook, smtp] {
        assert_eq!(parse(&text).expect(&text).production_problem(), None);
    }
}

#[test]
fn a_transport_is_rejected_for_a_channel_that_it_does_not_deliver() {
    let anywhere =
        ["console:".to_owned(), "file:messages".to_owned(), format!("webhook+https://a?secret={SECRET}")];
    for text in anywhere {
        let url = parse(&text).expect(&text);
        assert_eq!((url.check_channel(Channel::Email), url.check_channel(Channel::Sms)), (Ok(()), Ok(())));
    }
    let smtp = parse("smtp://mail.example.com?from=a@b.com").expect("a URL");
    assert_eq!(smtp.check_channel(Channel::Email), Ok(()));
    assert_eq!(
        smtp.check_channel(Channel::Sms).expect_err("no SMS").to_string(),
        "a mail server delivers e-mail only: for SMS use `twilio://…`, `webhook+https://…`, `file:PATH`, `console:` or \
         `none:`"
    );
    let twilio = parse("twilio://AC01:t@api.twilio.com?from=1").expect("a URL");
    assert_eq!(twilio.check_channel(Channel::Sms), Ok(()));
    assert_eq!(
        twilio.check_channel(Channel::Email).expect_err("no e-mail").to_string(),
        "Twilio delivers SMS only: for e-mail use `smtp://…`, `smtps://…`, `webhook+https://…`, `file:PATH`, \
         `console:` or `none:`"
    );
}

#[test]
fn a_url_has_the_timeout_of_its_transport() {
    for (text, seconds) in [
        ("console:", None),
        ("smtp://mail.example.com?from=a@b.com&timeout=7", Some(7)),
        ("twilio://AC01:t@api.twilio.com?from=1", Some(10)),
    ] {
        assert_eq!(parse(text).expect(text).timeout(), seconds.map(Duration::from_secs), "{text}");
    }
}

#[tokio::test]
async fn a_url_selects_its_transport() {
    assert!(matches!(AnyTransport::from(DeliveryUrl::Console), AnyTransport::Console(_)));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("messages.ndjson");
    let transport = AnyTransport::from(DeliveryUrl::File(path.clone()));
    transport.deliver(&samples::sms()).await.expect("delivered");
    assert_eq!(fs::read_to_string(path).expect("a file").lines().count(), 1);
}
