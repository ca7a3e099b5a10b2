use sha2::{Digest, Sha256};

use crate::{ClientContent, ClientStatus, Patient, PracticeId};

/// A fingerprint of a record's content: a number of 53 bits, which JSON represents exactly (RFC 8259, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(i64);

/// The error of a number that is negative or has more than 53 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is a whole number from 0 to {max}", max = Fingerprint::MAX)]
pub struct InvalidFingerprint;

impl Fingerprint {
    /// The largest fingerprint.
    pub const MAX: i64 = (1 << 53) - 1;

    /// Creates a fingerprint from a stored number.
    ///
    /// # Errors
    ///
    /// If the number has more than 53 bits or is negative.
    pub fn new(number: i64) -> Result<Self, InvalidFingerprint> {
        if (0..=Self::MAX).contains(&number) { Ok(Self(number)) } else { Err(InvalidFingerprint) }
    }

    /// Computes the fingerprint of a client's record. Equal records have equal fingerprints in every version of this crate.
    /// Different records have equal fingerprints with a probability of 2^-53.
    #[must_use]
    pub fn of(
        practice: PracticeId,
        status: ClientStatus,
        content: &ClientContent,
        patients: &[Patient],
    ) -> Self {
        let mut hasher = FieldHasher(Sha256::new());
        hasher.number(practice.0);
        hasher.text(status.as_str());
        hasher.content(content);
        for patient in patients {
            hasher.patient(patient);
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.0.finalize()[..8]);
        Self(i64::from_be_bytes(first) & Self::MAX)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Hashes fields, each text with its length before it, so that different lists of fields never hash the same bytes.
struct FieldHasher(Sha256);

impl FieldHasher {
    fn text(&mut self, text: &str) {
        self.number(i64::try_from(text.len()).unwrap_or(i64::MAX));
        self.0.update(text.as_bytes());
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.number(i64::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn number(&mut self, number: i64) {
        self.0.update(number.to_be_bytes());
    }

    fn maybe_number(&mut self, number: Option<i64>) {
        self.number(i64::from(number.is_some()));
        self.number(number.unwrap_or_default());
    }

    fn content(&mut self, content: &ClientContent) {
        self.maybe(content.client_class.as_ref().map(crate::ExternalId::as_str));
        for text in [
            &content.display_id,
            &content.first_name,
            &content.last_name,
            &content.address,
            &content.city,
            &content.state,
            &content.postal_code,
            &content.email,
            &content.home_phone,
            &content.work_phone,
            &content.mobile_phone,
            &content.communications_disabled,
            &content.email_verification_status,
            &content.email_prior,
            &content.full_address_prior,
        ] {
            self.maybe(text.as_deref());
        }
        self.text(&content.email_verification_response);
        self.number(content.balance_due);
        self.maybe_number(content.email_verified_at.map(asteroid_kernel::Timestamp::as_micros));
        self.maybe_number(
            content.loyalty_invoice_processing_ended_at.map(asteroid_kernel::Timestamp::as_micros),
        );
        self.maybe_number(content.loyalty_invoice_processing_remainder);
        for switch in [
            content.alerts_disabled,
            content.email_alert_disabled,
            content.sms_alert_disabled,
            content.bad_physical_address,
            content.loyalty_toggle,
        ] {
            self.number(i64::from(switch));
        }
        self.maybe(content.pet_records.map(crate::PetRecords::as_str));
    }

    fn patient(&mut self, patient: &Patient) {
        self.number(patient.source.0);
        self.text(patient.id.as_str());
        self.number(patient.practice.0);
        self.text(&patient.name);
        self.maybe(patient.display_id.as_deref());
        self.maybe(patient.deceased_date.map(|date| date.to_string()).as_deref());
        self.text(&patient.status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content: &ClientContent) -> Fingerprint {
        Fingerprint::of(PracticeId(1), ClientStatus::Active, content, &[])
    }

    #[test]
    fn a_fingerprint_is_an_integer_that_json_represents_exactly() {
        assert_eq!(Fingerprint::MAX, 9_007_199_254_740_991);
        assert!((0..=Fingerprint::MAX).contains(&of(&ClientContent::default()).get()));
        assert!(Fingerprint::new(Fingerprint::MAX).is_ok());
        assert!(Fingerprint::new(Fingerprint::MAX + 1).is_err() && Fingerprint::new(-1).is_err());
    }

    #[test]
    fn equal_contents_have_equal_fingerprints_and_different_contents_different_ones() {
        let base = ClientContent { first_name: Some("Jeremy".into()), ..ClientContent::default() };
        assert_eq!(of(&base), of(&base.clone()));
        let others = [
            ClientContent { first_name: Some(String::new()), ..base.clone() },
            ClientContent { first_name: None, last_name: Some("Jeremy".into()), ..base.clone() },
            ClientContent { balance_due: 1, ..base.clone() },
            ClientContent { loyalty_toggle: true, ..base.clone() },
            ClientContent { alerts_disabled: true, ..base.clone() },
            ClientContent { loyalty_invoice_processing_remainder: Some(0), ..base.clone() },
        ];
        for other in &others {
            assert_ne!(of(other), of(&base), "{other:?}");
        }
        assert_ne!(Fingerprint::of(PracticeId(2), ClientStatus::Active, &base, &[]), of(&base));
        assert_ne!(Fingerprint::of(PracticeId(1), ClientStatus::Deleted, &base, &[]), of(&base));
    }
    fn patient() -> Patient {
        Patient {
            source: crate::SourceId(7),
            id: crate::ExternalId::parse("9").expect("an id"),
            practice: PracticeId(1),
            name: "Rex".into(),
            display_id: None,
            deceased_date: None,
            status: "active".into(),
        }
    }

    #[test]
    fn every_field_of_a_patient_changes_the_fingerprint() {
        let of = |patients: &[Patient]| {
            Fingerprint::of(PracticeId(1), ClientStatus::Active, &ClientContent::default(), patients)
        };
        let others = [
            vec![],
            vec![patient(), patient()],
            vec![Patient { source: crate::SourceId(8), ..patient() }],
            vec![Patient { id: crate::ExternalId::parse("8").expect("an id"), ..patient() }],
            vec![Patient { practice: PracticeId(2), ..patient() }],
            vec![Patient { name: "Max".into(), ..patient() }],
            vec![Patient { display_id: Some("9".into()), ..patient() }],
            vec![Patient { deceased_date: "2022-12-01".parse().ok(), ..patient() }],
            vec![Patient { status: "inactive".into(), ..patient() }],
        ];
        for other in &others {
            assert_ne!(of(other), of(&[patient()]), "{other:?}");
        }
    }

    /// Stored fingerprints must stay comparable after an update. The value is that of an independent SHA-256.
    #[test]
    fn the_fingerprint_of_a_record_never_changes() {
        let content = ClientContent {
            first_name: Some("Jeremy".into()),
            balance_due: 1250,
            loyalty_toggle: true,
            email_verification_response: "{}".into(),
            ..ClientContent::default()
        };
        let fingerprint = Fingerprint::of(PracticeId(1), ClientStatus::Active, &content, &[patient()]);
        assert_eq!(fingerprint.get(), 4_349_460_352_306_534);
    }
}
