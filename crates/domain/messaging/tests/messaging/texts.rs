//! Every kind of message on every channel in every language.

use std::time::Duration;

use asteroid_kernel::Timestamp;
use asteroid_messaging::{
    Branding, Channel, CodeSamples, Content, Language, MessageKind, OutgoingMessage, SmsSize,
};

use super::{EMAIL, PHONE, branding, message, rendered, renderer};

#[test]
fn every_message_is_rendered_on_every_channel_in_every_language() {
    for language in Language::ALL {
        let renderer = renderer(branding(language));
        for kind in MessageKind::ALL {
            let email = rendered(&renderer, EMAIL, kind, false);
            let (subject, html) = (email.subject.expect("a subject"), email.html.expect("HTML"));
            let name = |channel: Channel| format!("{language}_{}_{}", kind.as_str(), channel.as_str());
            insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
                let email = format!("Subject: {subject}\n\n{}\n\n{html}", email.body);
                insta::assert_snapshot!(name(Channel::Email), email);
                insta::assert_snapshot!(name(Channel::Sms), rendered(&renderer, PHONE, kind, true).body);
            });
        }
    }
}

#[test]
fn every_text_of_a_message_with_a_code_shows_it_and_no_other_message_does() {
    for language in Language::ALL {
        let renderer = renderer(branding(language));
        for kind in MessageKind::ALL {
            for to in [EMAIL, PHONE] {
                let message = rendered(&renderer, to, kind, false);
                assert_eq!(message.code.as_deref(), kind.carries_code().then_some("7G2KD"), "{kind:?}");
                for text in [Some(&message.body), message.html.as_ref()].into_iter().flatten() {
                    assert_eq!(text.contains("7G2KD"), kind.carries_code(), "{kind:?}: {text}");
                }
                assert_eq!(message.subject.is_some(), message.html.is_some());
                let printed = format!("{message:?}");
                assert!(
                    printed.contains(&format!("kind: {kind:?}")) && !printed.contains("7G2KD"),
                    "{printed}"
                );
            }
        }
    }
}

#[test]
fn a_code_in_an_email_has_a_line_of_its_own() {
    for language in Language::ALL {
        let renderer = renderer(branding(language));
        for kind in MessageKind::ALL.into_iter().filter(|kind| kind.carries_code()) {
            let email = rendered(&renderer, EMAIL, kind, false);
            assert!(email.body.lines().any(|line| line == "    7G2KD"), "{}", email.body);
            assert!(email.html.expect("HTML").contains(">7G2KD</p>"));
        }
    }
}

#[test]
fn the_autofill_line_is_the_last_one_and_only_if_requested() {
    for language in Language::ALL {
        let renderer = renderer(branding(language));
        for kind in MessageKind::ALL {
            let last = |message: OutgoingMessage| message.body.lines().last().map(str::to_owned);
            let (with, without) =
                [true, false].map(|autofill| last(rendered(&renderer, PHONE, kind, autofill))).into();
            let expected = kind.carries_code().then(|| "@example.com #042137".to_owned());
            assert_eq!(with == expected, kind.carries_code());
            assert!(without.is_some_and(|line| !line.contains(['@', '#'])));
        }
    }
}

#[test]
fn every_sms_fits_a_segment() {
    for language in Language::ALL {
        let renderer = renderer(branding(language));
        for kind in MessageKind::ALL {
            let sms = rendered(&renderer, PHONE, kind, true);
            assert!(matches!(SmsSize::of(&sms.body), SmsSize::Gsm7 { septets: 1..=160 }), "{}", sms.body);
        }
    }
}

#[test]
fn every_sms_fits_a_segment_with_longer_names_codes_and_lifetimes() {
    for language in Language::ALL {
        renderer(Branding {
            product: "Harbor Lane".to_owned(),
            domain: "accounts.harborlane.example".to_owned(),
            codes: CodeSamples {
                typed: "7G2KD7G2".to_owned(),
                filled_in: "04213704".to_owned(),
                life: Duration::from_hours(1),
            },
            ..branding(language)
        });
    }
}

#[test]
fn values_are_escaped_in_html_only() {
    let product = "Tom & Jerry's <b>Vets</b>".to_owned();
    let renderer = renderer(Branding { product: product.clone(), ..branding(Language::English) });
    for kind in MessageKind::ALL {
        let email = rendered(&renderer, EMAIL, kind, false);
        assert!(email.body.contains(&product) && email.subject.expect("a subject").contains(&product));
        let html = email.html.expect("HTML");
        assert!(html.contains("Tom &amp; Jerry&#x27;s &lt;b&gt;Vets&lt;"), "{html}");
        assert!(!html.contains("<b>"), "{html}");
    }
}

#[test]
fn without_a_support_address_no_address_is_shown() {
    for language in Language::ALL {
        let renderer = renderer(Branding { support: None, ..branding(language) });
        for kind in MessageKind::ALL {
            let email = rendered(&renderer, EMAIL, kind, false);
            assert!(!email.body.contains('@') && !email.html.expect("HTML").contains("mailto:"));
        }
    }
}

#[test]
fn the_remaining_minutes_are_shown() {
    for (language, one, three) in [
        (Language::English, "1 minute.", "3 minutes."),
        (Language::German, "1 Minute gültig.", "3 Minuten gültig."),
    ] {
        let renderer = renderer(branding(language));
        for to in [EMAIL, PHONE] {
            let (message, _) = message(to, MessageKind::SignInCode, false);
            let text = |seconds_left: i64| {
                let now = Timestamp::from_micros((600 - seconds_left) * 1_000_000);
                renderer.render(&message, Some("7G2KD"), None, now).expect("rendered").body
            };
            for (seconds, words) in [(0, one), (1, one), (60, one), (121, three), (180, three)] {
                assert!(text(seconds).contains(&format!(" {words}")), "{seconds}: {}", text(seconds));
            }
        }
    }
}

#[test]
fn a_sample_is_rendered_like_a_message() {
    for language in Language::ALL {
        let renderer = renderer(branding(language));
        for kind in MessageKind::ALL {
            let (email, sms) =
                (rendered(&renderer, EMAIL, kind, false), rendered(&renderer, PHONE, kind, true));
            let sample = renderer.sample(kind);
            assert_eq!(
                (Some(&sample.subject), &sample.text, Some(&sample.html)),
                (email.subject.as_ref(), &email.body, email.html.as_ref())
            );
            assert_eq!((sample.kind, sample.sms), (kind, sms.body));
        }
    }
}

#[test]
fn a_code_message_without_a_code_and_a_notice_with_one_are_not_rendered() {
    let renderer = renderer(Branding::default());
    let (code, now) = message(EMAIL, MessageKind::ResetCode, false);
    assert_eq!(renderer.render(&code, None, None, now), None);
    let notice = asteroid_messaging::Message { content: Content::Notice, ..code };
    assert_eq!(renderer.render(&notice, Some("7G2KD"), None, now), None);
}
