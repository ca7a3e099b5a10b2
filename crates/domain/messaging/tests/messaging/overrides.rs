//! Overrides of templates.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use asteroid_messaging::{
    Branding, CodeSamples, Language, MessageKind, MessageRenderer, TemplateFlawKind, template_files,
};

use super::{EMAIL, PHONE, branding, rendered, renderer};

fn overrides(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
}

/// The flaws of these overrides, one line each.
fn flaws(branding: Branding, files: &[(&str, &str)]) -> Vec<String> {
    let flaws = MessageRenderer::new(branding, &overrides(files)).expect_err("something is wrong").0;
    flaws.iter().map(ToString::to_string).collect()
}

#[test]
fn an_override_replaces_the_template_of_its_name_only() {
    let files = [
        (
            "layout.html",
            "<p>{{ product }} {% if code is defined %}{{ code }}{% endif %}</p>{% block content %}{% endblock %}",
        ),
        (
            "en/sign_in_code.html",
            "{% extends 'layout.html' %}{% block content %}<b>{{ minutes }}</b>{% endblock %}",
        ),
        (
            "en/sign_in_code.sms.txt",
            "\u{feff}{% if minutes == 1 %}\r\nquick: \r\n{% endif %}\r\n{{ code }}\r\n",
        ),
        ("de/sign_in_code.subject.txt", "Nur auf Deutsch"),
    ];
    let with = MessageRenderer::new(branding(Language::English), &overrides(&files)).expect("they are good");
    let without = renderer(branding(Language::English));
    let email = rendered(&with, EMAIL, MessageKind::SignInCode, false);
    assert_eq!(email.html.as_deref(), Some("<p>Asteroid 7G2KD</p><b>10</b>"));
    let built_in = rendered(&without, EMAIL, MessageKind::SignInCode, false);
    assert_eq!((email.subject, email.body), (built_in.subject, built_in.body));
    assert_eq!(rendered(&with, PHONE, MessageKind::SignInCode, false).body, "7G2KD");
    let notice = |renderer| rendered(renderer, PHONE, MessageKind::PasswordReset, false);
    assert_eq!(notice(&with), notice(&without));
}

#[test]
fn all_flaws_are_reported_at_once_with_file_and_line() {
    let files = [
        ("en/sign_in_code.txt", "Hello,\n{{ cod }} {{ code }}"),
        ("en/sign_in_code.html", "<p>\n{% if minutes > 99 %}{{ secret }}{% endif %}{{ code }}"),
        ("en/sign_in_code.subject.txt", "one\ntwo"),
        ("en/sign_in_code.sms.txt", "{{ code }} {{ minutes | nonsense }}"),
        ("en/reset_code.txt", "\n\n{% if %}"),
        ("en/reset_code.html", "no code here"),
        ("en/reset_code.subject.txt", "{# nothing #}\n"),
        ("en/reset_code.sms.txt", "{{ code }} {{ 1 / (minutes - 7) }}"),
        ("en/password_changed.txt", "{{ code }}"),
        ("en/password_changed.html", "{% include 'nowhere.html' %}"),
        (
            "en/password_changed.sms.txt",
            "{% for i in range(10000) %}{% for i in range(10000) %}{% endfor %}{% endfor %}",
        ),
        ("en/footer.txt", "\n{{ 'a' + 1 }}"),
        ("de/footer.html", "{{ product.nothing.at_all }}"),
        ("de/sign_in_code.subject.txt", "{{ user }}"),
        ("en/signin_code.txt", "{{ code }}"),
        ("fr/sign_in_code.txt", "{{ code }}"),
    ];
    insta::assert_debug_snapshot!(flaws(branding(Language::English), &files));
}

#[test]
fn a_layout_that_omits_the_code_is_reported_itself() {
    let layout = "{% block intro %}{% endblock %}{% block content %}{% endblock %}";
    assert_eq!(
        flaws(Branding::default(), &[("layout.html", layout)]),
        ["layout.html: the code is missing: write {{ code }}"]
    );
    assert_eq!(
        flaws(Branding::default(), &[("layout.html", "{{ code }}")]),
        ["layout.html:1: undefined value"]
    );
}

#[test]
fn a_subject_cannot_break_a_header() {
    for subject in
        ["a\nBcc: eve@example.com", "{{ 'a\r\nBcc: eve@example.com' }}", "a\tb", "{{ 'a\u{85}b' }}"]
    {
        assert_eq!(
            flaws(Branding::default(), &[("en/password_reset.subject.txt", subject)]),
            ["en/password_reset.subject.txt: a subject must be one line without control characters"],
            "{subject:?}"
        );
    }
}

#[test]
fn an_sms_fits_one_segment_with_the_longest_values_that_may_occur() {
    let file = "en/sign_in_code.sms.txt";
    let text = |characters: usize| format!("{} {{{{ code }}}}{{{{ minutes }}}}", "x".repeat(characters));
    // A space, 6 digits, and the line for phones: 2 line breaks, `@example.com #042137`.
    let taken = |characters: usize, minutes: usize| characters + 1 + 6 + minutes + 2 + 20;
    for (life, minutes) in [(10, 2), (60, 2), (120, 3)] {
        let codes = CodeSamples { life: Duration::from_mins(life), ..CodeSamples::default() };
        let branding = Branding { codes, ..branding(Language::English) };
        let fits = 160 - taken(0, minutes);
        assert!(MessageRenderer::new(branding.clone(), &overrides(&[(file, &text(fits))])).is_ok());
        assert_eq!(
            flaws(branding, &[(file, &text(fits + 1))]),
            [format!("{file}: the SMS needs more than one segment: 161 of 160 septets (GSM-7)")]
        );
    }
    assert_eq!(
        flaws(
            branding(Language::English),
            &[(file, "Your key 🔑, for once in an alphabet of its own: {{ code }}")]
        ),
        [format!(
            "{file}: the SMS needs more than one segment: 77 of 70 units (UCS-2, for '🔑' is not in GSM-7)"
        )]
    );
}

#[test]
fn a_product_name_or_a_domain_too_long_for_the_built_in_templates_is_refused() {
    for branding in [
        Branding {
            product: "An Asteroid of a Name That Goes On and On and On".to_owned(),
            ..Branding::default()
        },
        Branding { domain: format!("{}.example", "a".repeat(63)), ..Branding::default() },
        Branding { product: "Čaj".to_owned(), ..Branding::default() },
    ] {
        let flaws = MessageRenderer::new(branding, &BTreeMap::new()).expect_err("too long").0;
        for flaw in flaws {
            assert!(
                !flaw.overridden && matches!(flaw.flaw, TemplateFlawKind::TooLong(size) if !size.fits()),
                "{flaw}"
            );
        }
    }
    // The built-in templates in the other language are not checked.
    let branding =
        Branding { product: "Meteor Accounts!".to_owned(), domain: "a".repeat(45), ..Branding::default() };
    assert!(MessageRenderer::new(branding.clone(), &BTreeMap::new()).is_ok());
    assert!(
        MessageRenderer::new(Branding { language: Language::German, ..branding }, &BTreeMap::new()).is_err()
    );
}

#[test]
fn the_built_in_templates_are_valid_overrides() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let files: BTreeMap<String, String> = template_files()
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(folder.join(&file)).expect("it is there");
            (file, text)
        })
        .collect();
    for language in Language::ALL {
        let with = MessageRenderer::new(branding(language), &files).expect("they are good");
        let without = renderer(branding(language));
        for kind in MessageKind::ALL {
            assert_eq!(rendered(&with, EMAIL, kind, false), rendered(&without, EMAIL, kind, false));
        }
    }
}

#[test]
fn the_operators_page_documents_every_file_and_variable() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/messages.md");
    let page = fs::read_to_string(page).expect("the page");
    for file in template_files() {
        let name = file.rsplit('/').next().expect("a name");
        assert!(page.contains(&format!("`{name}`")), "{file}");
    }
    let flaws = MessageRenderer::new(Branding::default(), &overrides(&[("layout.html", "{{ x }}")]))
        .expect_err("x is unknown")
        .0;
    let known = flaws.iter().find_map(|flaw| match &flaw.flaw {
        TemplateFlawKind::UnknownVariable { known, .. } => Some(known),
        _ => None,
    });
    for variable in known.expect("the variables") {
        assert!(page.contains(&format!("| `{variable}` |")), "{variable}");
    }
}

#[test]
fn a_flaw_that_only_the_details_of_a_registration_cause_is_found() {
    let text = "{{ code }}{% if first_name %}{{ 1 / 0 }}{% endif %}";
    assert_eq!(
        flaws(Branding::default(), &[("en/registration_code.txt", text)]),
        ["en/registration_code.txt:1: invalid operation: unable to calculate 1 / 0"]
    );
}

#[test]
fn an_error_in_an_included_template_is_located_there() {
    assert_eq!(
        flaws(
            Branding::default(),
            &[
                ("en/reset_code.txt", "{{ code }}\n\n{% include 'footer.txt' %}"),
                ("en/footer.txt", "{{ 1 / 0 }}"),
            ]
        ),
        ["en/footer.txt:1: invalid operation: unable to calculate 1 / 0"]
    );
}

#[test]
fn the_error_of_a_renderer_lists_every_flaw() {
    let files = [("en/signin_code.txt", "x"), ("en/footer.txt", "{{ produkt }}")];
    let error = MessageRenderer::new(Branding::default(), &overrides(&files)).expect_err("two flaws");
    assert_eq!(
        error.to_string(),
        "the message templates are not valid:\n  en/footer.txt:1: unknown variable `produkt`: the variables here are \
         product, domain, support, language, code, minutes\n  en/signin_code.txt: unknown template file"
    );
}

#[test]
fn a_renderer_is_printed_with_its_branding() {
    let text = format!("{:?}", renderer(Branding::default()));
    assert!(text.starts_with("MessageRenderer { branding: Branding { language: English,"), "{text}");
}
