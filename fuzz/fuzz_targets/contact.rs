//! Contacts as clients send them: e-mail addresses and phone numbers. A contact that is accepted reads back as itself.

#![no_main]

use asteroid_kernel::{Contact, Region};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(contact) = Contact::parse(text, Region::US) else { return };
    let again = Contact::parse(contact.as_str(), Region::US).expect("an accepted contact is accepted again");
    assert_eq!(again.key(), contact.key());
    let stored = Contact::from_stored(contact.as_str()).expect("an accepted contact can be stored");
    assert_eq!(stored.key(), contact.key());
    assert!(!contact.masked().contains(contact.as_str()), "a masked contact is not the contact");
});
