//! The cursor that marks the end of a page of clients.

use asteroid_clients::{ClientKey, ExternalId, SourceId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The version of the encoding. Cursors of other versions are refused.
const VERSION: &str = "1";

/// The cursor after this client.
pub(crate) fn encode(key: &ClientKey) -> String {
    URL_SAFE_NO_PAD.encode(format!("{VERSION}:{}:{}", key.source.0, key.id))
}

/// The client of a cursor; [`None`] if the text is not a cursor.
pub(crate) fn decode(text: &str) -> Option<ClientKey> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (version, key) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    let (source, id) = key.split_once(':')?;
    let source = SourceId(source.parse().ok()?);
    Some(ClientKey { source, id: ExternalId::parse(id).ok()? }).filter(|_| version == VERSION)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_is_not_a_cursor_is_refused() {
        let cursor = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for text in ["1:7:pi", "1:-7::"] {
            assert!(decode(&cursor(text)).is_some(), "{text}");
        }
        for text in
            ["", "1", "1:7", "1:7:", "1::pi", "1:x:pi", "2:7:pi", "1:7:\0", "1:9223372036854775808:pi"]
        {
            assert_eq!(decode(&cursor(text)), None, "{text:?}");
        }
        for text in ["pi", "!", "MTo3OnBp=", " MTo3OnBp", "MTo3OnBq\0"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_its_client(source in any::<i64>(), id in "[^\\p{Cc}]{0,20}[^\\p{Cc}\\s]") {
            let key = ClientKey { source: SourceId(source), id: ExternalId::parse(&id).expect("an id") };
            let cursor = encode(&key);
            prop_assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            prop_assert_eq!(decode(&cursor), Some(key));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,40}|[A-Za-z0-9_-]{0,40}") {
            let _ = decode(&text);
        }
    }
}
