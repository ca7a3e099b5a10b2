use asteroid_application::{ImportedPassword, ImportedUser};
use asteroid_clients::{ExternalId, GoogleApiKey, PracticeId, Role};
use asteroid_identity::{Password, PasswordHash, PersonName};
use asteroid_kernel::{EmailAddress, PhoneNumber, Region, UserId};

use crate::import::fields::{Fields, Given};
use crate::import::values::{id, list, parsed, text, whole, word};

/// Users made later get higher ids, and JSON has to carry those without loss, too.
const MAX_ID: i64 = 1 << 52;

pub(super) fn user(fields: &mut Fields, region: Region) -> Option<ImportedUser> {
    let id_of_user = fields.get("id", whole(1..=MAX_ID)).map(UserId);
    let name = name(fields);
    let email = fields.get("email", parsed(EmailAddress::parse));
    let phone = fields.get("phone", parsed(|text| PhoneNumber::parse(text, region)));
    let password = password(fields);
    let primary_role = fields.need("primaryRole", role);
    let roles = fields.get("roles", list(role)).unwrap_or_default();
    let practice = fields.need("practiceId", id).map(PracticeId);
    let client = fields.get("clientId", parsed(ExternalId::parse));
    let google_api_key = fields.get("googleApiKey", text).map(GoogleApiKey::new);
    Some(ImportedUser {
        id: id_of_user,
        name: name?,
        email,
        phone,
        password,
        primary_role: primary_role?,
        roles,
        practice: practice?,
        client,
        google_api_key,
    })
}

/// A first and a last name, or both in one, parted at the last space.
fn name(fields: &mut Fields) -> Option<PersonName> {
    let (whole, in_parts) = (fields.has("name"), fields.has("firstName") || fields.has("lastName"));
    if whole == in_parts {
        fields.note("name", if whole { "is given as a whole and in parts" } else { "is missing" });
    }
    let [first, last] = ["firstName", "lastName"].map(|name| {
        let part = parsed(PersonName::parse_part);
        if in_parts { fields.need(name, part) } else { fields.get(name, part) }
    });
    let name = fields.get("name", |given| {
        let text = text(given)?;
        let (first, last) = text.trim().rsplit_once(' ').ok_or("must be a first and a last name")?;
        PersonName::new(first, last).map_err(|error| error.to_string())
    });
    name.or_else(|| PersonName::new(&first?, &last?).ok())
}

fn password(fields: &mut Fields) -> Option<ImportedPassword> {
    let plain = fields.get("password", text).map(|text| ImportedPassword::Plain(Password::new(&text)));
    // Other systems write an empty one for users without a password.
    let hash = fields.get("passwordHash", text).filter(|text| !text.trim().is_empty());
    let hash = hash.map(|text| ImportedPassword::Hash(PasswordHash::new(text)));
    if plain.is_some() && hash.is_some() {
        fields.note("passwordHash", "is given beside a password");
    }
    plain.or(hash)
}

fn role(given: Given) -> Result<Role, String> {
    word(given).map(Role::new)
}
