use std::fs;

use tempfile::TempDir;

use super::*;

/// A folder with these files, and settings that name it.
fn with(files: &[(&str, &str)]) -> (TempDir, Settings) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    let mut settings = Settings::default();
    settings.messages.templates = folder.path().display().to_string();
    (folder, settings)
}

/// What is wrong, the folder's own path shortened.
fn flaws((folder, settings): (TempDir, Settings)) -> Vec<String> {
    let flaws = renderer(&settings).expect_err("something is wrong").to_string();
    let flaws = flaws.replace(&folder.path().display().to_string(), "DIR");
    flaws.lines().skip(1).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn built_in_templates_are_valid_in_every_language() {
    let mut settings = Settings::default();
    for language in Language::ALL {
        settings.messages.language = language;
        assert!(renderer(&settings).is_ok());
    }
}

#[test]
fn template_folder_may_contain_dot_files() {
    let (_folder, settings) = with(&[
        ("layout.html", "{% block content %}{% endblock %}{% if code is defined %}{{ code }}{% endif %}"),
        ("en/footer.txt", ""),
        ("de/sign_in_code.sms.txt", "{{ code }}"),
        (".gitignore", "*"),
        ("..data/anything", "{{"),
        ("en/.footer.txt.swp", "{{"),
    ]);
    assert!(renderer(&settings).is_ok());
}

#[test]
fn template_errors_are_reported_together_with_file_and_line() {
    let found = flaws(with(&[
        ("en/sign_in_cod.txt", ""),
        ("en/older/footer.txt", ""),
        ("fr/footer.txt", ""),
        ("a README that says why", ""),
        ("en/reset_code.txt", "{{ code }}\n\n{{ user }}"),
        ("en/reset_code.html", "{{ code }"),
        ("en/reset_code.subject.txt", "a\nb"),
        (
            "en/reset_code.sms.txt",
            "0123456789 0123456789 0123456789 0123456789 ☎ {{ code }} 0123456789 0123456789",
        ),
        ("en/password_changed.txt", " \n"),
        ("en/registration_code.txt", "no code"),
        ("de/password_changed.sms.txt", "{{ minutes }}"),
    ]));
    assert_eq!(
        found,
        [
            "DIR/a README that says why is not a template: docs/messages.md lists every template",
            "DIR/de/password_changed.sms.txt:1 uses `minutes`, which is not a variable there: the variables are product, domain, \
             support, language",
            "DIR/en/older is not a template: docs/messages.md lists every template",
            "DIR/en/password_changed.txt is empty: write a text, or remove the file",
            "DIR/en/registration_code.txt does not contain the code: add {{ code }}",
            "DIR/en/reset_code.html:1 cannot be rendered (syntax error: unexpected `}`, expected end of variable block): \
             correct that line",
            "DIR/en/reset_code.sms.txt makes an SMS of 94 of 70 units (UCS-2, for '☎' is not in GSM-7): shorten \
             it to one segment",
            "DIR/en/reset_code.subject.txt is not a valid subject: write one line without control characters",
            "DIR/en/reset_code.txt:3 uses `user`, which is not a variable there: the variables are product, domain, support, \
             language, code, minutes",
            "DIR/en/sign_in_cod.txt is not a template: did you mean en/sign_in_code.txt?",
            "DIR/fr is not a template: docs/messages.md lists every template",
        ]
    );
}

#[test]
fn unreadable_template_folder_or_file_is_refused() {
    let (folder, settings) = with(&[]);
    fs::create_dir(folder.path().join("de")).expect("made");
    fs::write(folder.path().join("de/footer.txt"), b"Gr\xfc\xdfe").expect("written");
    assert_eq!(
        flaws((folder, settings)),
        [
            "DIR/de/footer.txt cannot be read (stream did not contain valid UTF-8): make it readable for the server, \
             in UTF-8"
        ]
    );
    let (folder, mut settings) = with(&[]);
    settings.messages.templates.push_str("/missing");
    assert_eq!(
        flaws((folder, settings)),
        [
            "messages.templates is \"DIR/missing\", which cannot be read (No such file or directory (os error 2)): \
             set an existing folder, or leave it empty"
        ]
    );
}

#[test]
fn product_name_that_makes_sms_too_long_is_refused_with_the_counts() {
    let (folder, mut settings) = with(&[]);
    settings.product.name = "The Accounts of the Harbor Lane Animal Clinic".into();
    settings.product.domain = "accounts.harborlane.example".into();
    assert_eq!(
        flaws((folder, settings)),
        ["product.name makes SMS of more than one segment (en/already_registered.sms.txt takes 165 of 160 \
             septets (GSM-7); en/registration_code.sms.txt takes 161 of 160 septets (GSM-7); en/reset_code.sms.txt \
             takes 163 of 160 septets (GSM-7)): shorten it or product.domain, or write shorter SMS \
             (messages.templates)"]
    );
    // A shorter SMS of one's own is a way out.
    let short = ("en/reset_code.sms.txt", "{{ code }} is your code.");
    let (folder, mut settings) = with(&[
        short,
        ("en/registration_code.sms.txt", "{{ code }} is your code."),
        ("en/already_registered.sms.txt", "You have an account."),
    ]);
    settings.product.name = "The Accounts of the Harbor Lane Animal Clinic".into();
    settings.product.domain = "accounts.harborlane.example".into();
    assert!(renderer(&settings).is_ok());
    drop(folder);
}
