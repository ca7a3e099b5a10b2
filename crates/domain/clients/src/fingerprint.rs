use sha2::{Digest, Sha256};

use crate::{ClientContent, ClientStatus, Patient, PracticeId};

/// What tells one content of a record from another: a number of 53 bits, which JSON carries without loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(i64);

/// More bits than JSON's numbers carry without loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is a whole number from 0 to {max}", max = Fingerprint::MAX)]
pub struct InvalidFingerprint;

impl Fingerprint {
    /// The largest fingerprint.
    pub const MAX: i64 = (1 << 53) - 1;

    /// A fingerprint that was kept.
    ///
    /// # Errors
    ///
    /// If the number has more than 53 bits or is negative.
    pub fn new(number: i64) -> Result<Self, InvalidFingerprint> {
        if (0..=Self::MAX).contains(&number) { Ok(Self(number)) } else { Err(InvalidFingerprint) }
    }

    /// The fingerprint of what a client's record says. Two contents that differ in anything have, but for a chance of
    /// one in 2^53, different ones; the same content has the same one in every version of this crate.
    #[must_use]
    pub fn of(
        practice: PracticeId,
        status: ClientStatus,
        content: &ClientContent,
        patients: &[Patient],
    ) -> Self {
        let mut ink = Ink(Sha256::new());
        ink.number(practice.0);
        ink.text(status.as_str());
        ink.content(content);
        for patient in patients {
            ink.patient(patient);
        }
        let digest = ink.0.finalize();
        let first = digest[..8].iter().fold(0, |number, byte| number << 8 | i64::from(*byte));
        Self(first & Self::MAX)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Feeds values to the digest, each behind its length, so that no two lists of values run together.
struct Ink(Sha256);

impl Ink {
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
    fn a_fingerprint_fits_what_json_carries() {
        assert!((0..=Fingerprint::MAX).contains(&of(&ClientContent::default()).get()));
        assert!(Fingerprint::new(Fingerprint::MAX).is_ok());
        assert!(Fingerprint::new(Fingerprint::MAX + 1).is_err() && Fingerprint::new(-1).is_err());
    }

    #[test]
    fn the_same_content_has_the_same_fingerprint_and_another_content_another() {
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
}
