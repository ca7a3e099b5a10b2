//! The words of messages: shown before they are sent, and refused before the server starts.

use std::fs;

use asteroid_messaging::MessageKind;

use super::machine::{Answer, Machine};

#[test]
fn messages_preview_writes_every_message() {
    let machine = Machine::new();
    let environment = [("ASTEROID_PRODUCT__NAME", "Comet"), ("ASTEROID_PRODUCT__DOMAIN", "example.com")];
    let answer = machine.run(&["messages", "preview", "--to", "new/preview"], &environment);
    assert_eq!((answer.status, answer.err.as_str()), (0, ""));
    assert!(
        answer.out.contains("new/preview/sign_in_code.sms.txt  100 of 160 septets (GSM-7)\n"),
        "{}",
        answer.out
    );
    let read = |name: String| fs::read_to_string(machine.path("new/preview").join(name)).expect("a file");
    for kind in MessageKind::ALL.map(MessageKind::as_str) {
        assert!(read(format!("{kind}.txt")).starts_with("Subject: "));
        assert!(read(format!("{kind}.html")).starts_with("<!doctype html>"));
    }
    assert_eq!(
        read("sign_in_code.sms.txt".into()),
        "042137 is your Comet sign-in code. It works for 10 minutes. Tell it to nobody.\n\n@example.com #042137\n"
    );
    assert_eq!(
        fs::read_dir(machine.path("new/preview")).expect("a folder").count(),
        3 * MessageKind::ALL.len()
    );
    assert!(!machine.path("data").exists(), "to look is not to start");

    let german = machine.json(
        &["messages", "preview", "--to", "new/preview", "--json"],
        &[("ASTEROID_MESSAGES__LANGUAGE", "de")],
    );
    assert_eq!(
        german[1],
        serde_json::json!({
            "kind": "sign_in_code",
            "text": "new/preview/sign_in_code.txt",
            "html": "new/preview/sign_in_code.html",
            "sms": "new/preview/sign_in_code.sms.txt",
            "sms_size": "107 of 160 septets (GSM-7)",
        })
    );
    assert!(read("sign_in_code.html".into()).contains("<html lang=\"de\">"));
}

#[test]
fn invalid_template_is_reported_with_its_line_and_prevents_the_start() {
    let machine = Machine::new();
    machine.write("templates/en/sign_in_code.txt", "Hello,\n\n{{ code }} for {{ user }}\n");
    machine.write("templates/en/signin_code.txt", "");
    machine.write("config/asteroid.toml", "[messages]\ntemplates = 'templates'\n");
    let told = Answer {
        status: 1,
        out: String::new(),
        err: "asteroid: there are 2 problems with the configuration:\n  \
              templates/en/sign_in_code.txt:3 uses `user`, which is not a variable there: the variables are product, domain, \
              support, language, code, minutes\n  \
              templates/en/signin_code.txt is not a template: did you mean en/sign_in_code.txt?\n"
            .into(),
    };
    for arguments in [&["config", "check"][..], &["serve"], &[], &["messages", "preview", "--to", "preview"]]
    {
        assert_eq!(machine.run(arguments, &[]), told, "{arguments:?}");
    }
    assert!(!machine.path("data").exists() && !machine.path("preview").exists());
    assert_eq!(
        machine.json(&["config", "check", "--json"], &[])["problems"][0],
        serde_json::json!({
            "key": "templates/en/sign_in_code.txt:3",
            "source": "templates/en/sign_in_code.txt:3",
            "wrong": "uses `user`, which is not a variable there",
            "right": "the variables are product, domain, support, language, code, minutes",
        })
    );
}

#[test]
fn product_name_too_long_for_every_sms_is_refused_with_the_counts() {
    let machine = Machine::new();
    let environment = [("ASTEROID_PRODUCT__NAME", "The Accounts of the Harbor Lane Veterinary Clinic")];
    let answer = machine.run(&["config", "check"], &environment);
    assert_eq!((answer.status, answer.out.as_str()), (1, ""));
    assert_eq!(
        answer.err,
        "asteroid: there is a problem with the configuration:\n  \
         product.name (ASTEROID_PRODUCT__NAME) makes SMS of more than one segment \
         (en/already_registered.sms.txt takes 169 of 160 septets (GSM-7)): shorten it or product.domain, or write \
         shorter SMS (messages.templates)\n"
    );
}

#[test]
fn messages_preview_reports_the_unwritable_path() {
    let machine = Machine::new();
    machine.write("preview", "a file");
    let answer = machine.run(&["messages", "preview", "--to", "preview"], &[]);
    assert_eq!((answer.status, answer.out.as_str()), (1, ""));
    assert!(answer.err.starts_with("asteroid: preview cannot be written\n  because "), "{}", answer.err);
}
