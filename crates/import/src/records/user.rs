use asteroid_application::{ImportedMembership, ImportedPassword, ImportedUser};
use asteroid_clients::{ExternalId, GoogleApiKey, PracticeId, Role};
use asteroid_identity::{Password, PasswordHash, PersonName, UserStatus};
use asteroid_kernel::{EmailAddress, PhoneNumber, Region, UserId};

use crate::fields::{FieldValue, Fields};
use crate::values::{id, list, parsed, text, whole, word};

/// The highest imported id: later users get higher ids, which JSON must represent without loss, too.
const MAX_ID: i64 = 1 << 52;

pub(super) fn user(fields: &mut Fields, region: Region) -> Option<ImportedUser> {
    let id_of_user = fields.get("id", whole(1..=MAX_ID)).map(UserId);
    let name = name(fields);
    let email = fields.get("email", parsed(EmailAddress::parse));
    let phone = fields.get("phone", parsed(|text| PhoneNumber::parse(text, region)));
    let password = password(fields);
    let status = fields.get("status", status);
    let in_practice = fields.has("practiceId");
    let practice = fields.get("practiceId", id).map(PracticeId);
    let primary_role =
        if in_practice { fields.need("primaryRole", role) } else { fields.get("primaryRole", role) };
    let roles = fields.get("roles", list(role)).unwrap_or_default();
    let client = fields.get("clientId", parsed(ExternalId::parse));
    let google_api_key = fields.get("googleApiKey", text).map(GoogleApiKey::new);
    let given = [
        ("primaryRole", primary_role.is_some()),
        ("roles", !roles.is_empty()),
        ("clientId", client.is_some()),
        ("googleApiKey", google_api_key.is_some()),
    ];
    let unplaced = given.into_iter().filter(|(_, given)| *given && !in_practice).map(|(name, _)| name);
    let unplaced = unplaced.collect();
    let membership = match practice {
        None => None,
        Some(practice) => {
            let primary_role = primary_role?;
            Some(ImportedMembership { practice, primary_role, roles, client, google_api_key })
        }
    };
    let name = name?;
    Some(ImportedUser { id: id_of_user, name, email, phone, password, status, membership, unplaced })
}

/// A first and a last name, or both in one field, split at the last space. One name is enough.
fn name(fields: &mut Fields) -> Option<PersonName> {
    let (whole, in_parts) = (fields.has("name"), fields.has("firstName") || fields.has("lastName"));
    if whole == in_parts {
        fields.note("name", if whole { "is given as a whole and in parts" } else { "is missing" });
    }
    let [first, last] = ["firstName", "lastName"].map(|name| fields.get(name, part));
    let name = fields.get("name", |given| {
        let text = text(given)?;
        let text = text.trim();
        match text.rsplit_once(' ') {
            Some((first, last)) => PersonName::new(first, last),
            None => PersonName::single(text),
        }
        .map_err(|error| error.to_string())
    });
    name.or_else(|| match (first.flatten(), last.flatten()) {
        (Some(first), Some(last)) => PersonName::new(&first, &last).ok(),
        (Some(only), None) | (None, Some(only)) => PersonName::single(&only).ok(),
        (None, None) => {
            if in_parts && !whole {
                fields.note("name", "is missing");
            }
            None
        }
    })
}

/// A part of a name. Other systems write an empty part for people with one name.
fn part(given: FieldValue) -> Result<Option<String>, String> {
    let text = text(given)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    PersonName::parse_part(&text).map(Some).map_err(|error| error.to_string())
}

fn status(given: FieldValue) -> Result<UserStatus, String> {
    UserStatus::parse(&text(given)?).ok_or_else(|| "must be enabled or disabled".to_owned())
}

fn password(fields: &mut Fields) -> Option<ImportedPassword> {
    let plain = fields.get("password", text).map(|text| ImportedPassword::Plain(Password::new(&text)));
    // Other systems write an empty hash for users without a password.
    let hash = fields.get("passwordHash", text).filter(|text| !text.trim().is_empty());
    let hash = hash.map(|text| ImportedPassword::Hash(PasswordHash::new(text)));
    if plain.is_some() && hash.is_some() {
        fields.note("passwordHash", "is given beside a password");
    }
    plain.or(hash)
}

fn role(given: FieldValue) -> Result<Role, String> {
    word(given).map(Role::new)
}
