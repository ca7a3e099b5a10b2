use actix_web::http::header::{AUTHORIZATION, HeaderMap};

use super::ApiError;

/// The longest token, in bytes.
const MAX_BYTES: usize = 4096;

/// The token in the `Authorization` field (RFC 6750, 2.1), which must occur once. Tokens in other places are ignored.
pub(super) fn bearer_token(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut fields = headers.get_all(AUTHORIZATION);
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return Err(ApiError::Unauthenticated { token_sent: headers.contains_key(AUTHORIZATION) });
    };
    let (scheme, token) = field.to_str().unwrap_or_default().split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(ApiError::Unauthenticated { token_sent: false });
    }
    let token = token.trim_matches(' ');
    if is_token68(token) { Ok(token) } else { Err(ApiError::Unauthenticated { token_sent: true }) }
}

/// Whether the text is a `token68` (RFC 9110, 11.2).
fn is_token68(text: &str) -> bool {
    let core = text.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !core.is_empty() && text.len() <= MAX_BYTES && core.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    /// The token, or whether a token was sent.
    fn read(fields: &[&str]) -> Result<String, bool> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(AUTHORIZATION, HeaderValue::from_str(field).expect("a header value"));
        }
        match bearer_token(&headers) {
            Ok(token) => Ok(token.to_owned()),
            Err(ApiError::Unauthenticated { token_sent }) => Err(token_sent),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_bearer_scheme_is_case_insensitive() {
        for field in ["Bearer a.b-c_d~e+f/g==", "bearer a.b-c_d~e+f/g==", "BEARER   a.b-c_d~e+f/g== "] {
            assert_eq!(read(&[field]).as_deref(), Ok("a.b-c_d~e+f/g=="), "{field}");
        }
    }

    #[test]
    fn without_a_bearer_token_no_token_was_sent() {
        for fields in [&[][..], &["Basic Z2VvcmdlOng="], &[""], &["Bearer"], &["Bearerx"]] {
            assert_eq!(read(fields), Err(false), "{fields:?}");
        }
    }

    #[test]
    fn a_malformed_bearer_token_counts_as_sent() {
        let long = format!("Bearer {}", "a".repeat(MAX_BYTES + 1));
        for fields in [
            &["Bearer "][..],
            &["Bearer a b"],
            &["Bearer a,b"],
            &["Bearer =a"],
            &["Bearer a", "Bearer a"],
            &[&long],
        ] {
            assert_eq!(read(fields), Err(true), "{fields:?}");
        }
        assert!(read(&[&long[..long.len() - 1]]).is_ok());
    }

    proptest! {
        #[test]
        fn no_authorization_field_causes_a_panic(bytes in prop::collection::vec(32u8..=255, 0..64)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let mut headers = HeaderMap::new();
                headers.insert(AUTHORIZATION, value);
                let _ = bearer_token(&headers);
            }
        }
    }
}
