/// The same document with a space in the place of every trailing comma, so that all positions stay true; none if
/// it has no trailing comma.
///
/// A comma trails if it stands outside strings, after a value, and nothing but white space is between it and the
/// `}` or `]` that follows. People write them, and so does the example that clients were written against.
pub(super) fn without_trailing_commas(document: &[u8]) -> Option<Vec<u8>> {
    let mut mended = None;
    let mut in_string = false;
    let mut escaped = false;
    let mut before = b'{';
    let mut trailing = None;
    for (at, &byte) in document.iter().enumerate() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            b',' => trailing = (!b"{[,:".contains(&before)).then_some(at),
            b'}' | b']' => {
                if let Some(comma) = trailing.take() {
                    mended.get_or_insert_with(|| document.to_vec())[comma] = b' ';
                }
            }
            _ => {
                in_string = byte == b'"';
                trailing = None;
            }
        }
        before = byte;
    }
    mended
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn mended(text: &str) -> Option<String> {
        without_trailing_commas(text.as_bytes()).map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
    }

    #[test]
    fn a_trailing_comma_becomes_a_space() {
        assert_eq!(mended("{\"a\": 1,\n}").as_deref(), Some("{\"a\": 1 \n}"));
        assert_eq!(mended("[[1, 2 , ], {\"b\": \"c\",},]").as_deref(), Some("[[1, 2   ], {\"b\": \"c\" } ]"));
    }

    #[test]
    fn a_comma_that_follows_no_value_stays() {
        for text in ["{,}", "[,]", "[1,,2]", "{\"a\":,}", "[1,", "[1, 2]"] {
            assert_eq!(mended(text), None, "{text}");
        }
        assert_eq!(mended("[1,,]"), None);
    }

    #[test]
    fn what_stands_in_a_string_stays() {
        for text in [r#"{"a": ",}"}"#, r#"["\",]"]"#, r#"["\\", ",]"]"#] {
            assert_eq!(mended(text), None, "{text}");
        }
        assert_eq!(mended(r#"["\\",]"#).as_deref(), Some(r#"["\\" ]"#));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\\[\\]{},:\"\\\\ a-zä]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[,}\"\\\\a-c]{0,4}", inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    /// The document, with a comma before every closing bracket that follows a value.
    fn with_commas(value: &Value) -> String {
        let list = |items: Vec<String>, open, close| {
            let items: String = items.into_iter().map(|item| item + " ,\n").collect();
            format!("{open}{items}{close}")
        };
        match value {
            Value::Array(items) => list(items.iter().map(with_commas).collect(), '[', ']'),
            Value::Object(pairs) => {
                let pair = |(key, value)| format!("{}: {}", Value::from(key), with_commas(value));
                list(pairs.iter().map(|(key, value)| pair((key.as_str(), value))).collect(), '{', '}')
            }
            leaf => leaf.to_string(),
        }
    }

    proptest! {
        #[test]
        fn a_valid_document_stays_as_it_is(value in any_json()) {
            prop_assert_eq!(mended(&value.to_string()), None);
            prop_assert_eq!(mended(&format!("{value:#}")), None);
        }

        #[test]
        fn a_document_with_trailing_commas_reads_as_without(value in any_json()) {
            let text = with_commas(&value);
            let mended = mended(&text).unwrap_or(text);
            prop_assert_eq!(serde_json::from_str::<Value>(&mended).ok(), Some(value));
        }

        #[test]
        fn only_commas_change_and_nothing_moves(bytes in "[\\[\\]{},:\"\\\\ \na1]{0,40}|\\PC{0,40}") {
            if let Some(mended) = without_trailing_commas(bytes.as_bytes()) {
                prop_assert_eq!(mended.len(), bytes.len());
                for (old, new) in bytes.bytes().zip(&mended) {
                    prop_assert!(old == *new || (old, *new) == (b',', b' '));
                }
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = without_trailing_commas(&bytes);
        }
    }
}
