use crate::forge::{CLAIMS, HEADER, claims, claims_with, claims_without, forge, good_token, object, refuse};

/// A correctly signed token with these claims.
fn claiming(claims: impl AsRef<[u8]>) -> String {
    forge(HEADER, claims)
}

/// Asserts that the claim is rejected with each of these JSON values, and if it is absent.
#[track_caller]
fn refuse_values(name: &str, values: &[&str]) {
    refuse(values.iter().map(|value| claiming(claims_with(name, value))));
    refuse([claiming(claims_without(name))]);
}

#[test]
fn exp_is_a_whole_number() {
    refuse_values(
        "exp",
        &[
            "\"1669315662\"",
            "1669315662.0",
            "1669315662.5",
            "1.669315662e9",
            "1669315662e0",
            "01669315662",
            "+1669315662",
            "0x637fbd8e",
            "1669315661",
            "1669315663",
            "1669315662000",
            "-1669315662",
            "-1",
            "0",
            "-0",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "1e19",
            "1e400",
            "NaN",
            "Infinity",
            "null",
            "true",
            "\"\"",
            "[1669315662]",
            "[]",
            "{\"seconds\":1669315662}",
        ],
    );
}

#[test]
fn exp_is_representable_and_not_expired() {
    for (exp, expires_at) in [
        ("-1", "1969-12-31 23:59:59 UTC"),
        ("0", "1970-01-01 00:00:00 UTC"),
        ("1669247999", "2022-11-23 23:59:59 UTC"),
        ("1669248000", "2022-11-24 00:00:00 UTC"),
        // After the last second of a timestamp, and the value to which it would be clamped.
        ("253402300800", "+10000-01-01 00:00:00 UTC"),
        ("253402300800", "10000-01-01 00:00:00 UTC"),
        ("253402300800", "9999-12-31 23:59:59 UTC"),
        ("9223372036854", "+294247-01-10 04:00:54 UTC"),
        ("9223372036854", "9999-12-31 23:59:59 UTC"),
        ("9223372036855", "9999-12-31 23:59:59 UTC"),
        ("9223372036854775807", "9999-12-31 23:59:59 UTC"),
    ] {
        let shown = format!("\"{expires_at}\"");
        let claims = CLAIMS.map(|(name, value)| match name {
            "exp" => (name, exp),
            "expires_at" => (name, shown.as_str()),
            _ => (name, value),
        });
        refuse([claiming(object(&claims))]);
    }
}

#[test]
fn expires_at_agrees_with_exp() {
    refuse_values(
        "expires_at",
        &[
            "\"2022-11-24 18:47:43 UTC\"",
            "\"2022-11-24 18:47:41 UTC\"",
            "\"2122-11-24 18:47:42 UTC\"",
            "\"2022-11-24 18:47:42\"",
            "\"2022-11-24 18:47:42 utc\"",
            "\"2022-11-24 18:47:42 +0000\"",
            "\"2022-11-24 18:47:42.000 UTC\"",
            "\"2022-11-24T18:47:42Z\"",
            "\"2022-11-24T18:47:42.000Z\"",
            "\"2022-11-24 19:47:42 CET\"",
            "\" 2022-11-24 18:47:42 UTC\"",
            "\"2022-11-24 18:47:42 UTC \"",
            "\"\"",
            "1669315662",
            "null",
            "[\"2022-11-24 18:47:42 UTC\"]",
        ],
    );
}

#[test]
fn iat_is_a_whole_number() {
    refuse_values(
        "iat",
        &[
            "\"1669229262\"",
            "1669229262.0",
            "1.669229262e9",
            "253402300800",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "1e400",
            "null",
            "false",
            "[1669229262]",
            "{}",
        ],
    );
}

#[test]
fn user_id_is_a_whole_number() {
    refuse_values(
        "user_id",
        &[
            "\"25\"",
            "25.0",
            "2.5e1",
            "25.5",
            "-0",
            "9223372036854775808",
            "-9223372036854775809",
            "1e400",
            "null",
            "true",
            "[25]",
            "{\"$gt\":0}",
            "",
        ],
    );
}

#[test]
fn jti_is_a_canonical_uuid() {
    refuse_values(
        "jti",
        &[
            "\"\"",
            "\"25\"",
            "25",
            "null",
            "true",
            "[\"0184a5c3-d3b0-7000-8000-000000000019\"]",
            "{}",
            "\"0184A5C3-D3B0-7000-8000-000000000019\"",
            "\"0184a5c3d3b070008000000000000019\"",
            "\"{0184a5c3-d3b0-7000-8000-000000000019}\"",
            "\"urn:uuid:0184a5c3-d3b0-7000-8000-000000000019\"",
            "\"0184a5c3-d3b0-7000-8000-00000000001\"",
            "\"0184a5c3-d3b0-7000-8000-0000000000199\"",
            "\"0184a5c3-d3b0-7000-8000-00000000001g\"",
            "\" 0184a5c3-d3b0-7000-8000-000000000019\"",
            "\"0184a5c3-d3b0-7000-8000-000000000019\\u0000\"",
            "\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"",
            "\"48a4034027374be582b936f7d58043af\"",
        ],
    );
}

#[test]
fn a_repeated_claim_is_rejected() {
    for (name, value) in CLAIMS {
        let twice = |extra: &str| claiming(claims().replace('}', &format!(",{extra}}}")));
        let escaped = format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]);
        refuse([
            twice(&format!("\"{name}\":{value}")),
            twice(&format!("\"{name}\":null")),
            twice(&format!("\"{escaped}\":{value}")),
        ]);
    }
    refuse([
        claiming(object(&[[("exp", "4000000000")].as_slice(), &CLAIMS].concat())),
        claiming(object(&[[("user_id", "1")].as_slice(), &CLAIMS].concat())),
    ]);
}

#[test]
fn an_unknown_claim_is_rejected() {
    for extra in [
        r#""nbf":0"#,
        r#""nbf":4000000000"#,
        r#""aud":"another service""#,
        r#""iss":"another service""#,
        r#""sub":"1""#,
        r#""roles":["admin"]"#,
        r#""EXP":4000000000"#,
        r#""":null"#,
        r#""__proto__":{}"#,
    ] {
        refuse([claiming(claims().replace('}', &format!(",{extra}}}")))]);
    }
}

#[test]
fn claims_that_are_not_one_json_object_in_utf_8_are_rejected() {
    let with_bom = [b"\xef\xbb\xbf", claims().as_bytes()].concat();
    let utf_16: Vec<u8> = claims().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin_1 = claims().into_bytes().into_iter().map(|byte| if byte == b'U' { 0xfc } else { byte });
    refuse([with_bom, utf_16, latin_1.collect(), vec![0xff; 40], vec![0; 40]].map(claiming));

    let values: Vec<&str> = CLAIMS.iter().map(|(_, value)| *value).collect();
    let array = format!("[{}]", values.join(","));
    let nested = format!("{{\"user_id\":{}1{}}}", "[".repeat(1300), "]".repeat(1300));
    let trailing = claims().replace('}', ",}");
    let quoted = format!("{:?}", claims());
    let (twice, wrapped, open) = (claims().repeat(2), format!("[{}]", claims()), claims().replace('}', ""));
    refuse(
        [
            "",
            "{}",
            "[]",
            "null",
            "true",
            "25",
            "\"\"",
            "{\"exp\"}",
            &array,
            &nested,
            &trailing,
            &quoted,
            &twice,
            &wrapped,
            &open,
        ]
        .map(claiming),
    );
}

#[test]
fn a_nested_token_is_rejected() {
    let inner = good_token();
    refuse([
        claiming(&inner),
        claiming(format!("{inner:?}")),
        claiming(object(&[("token", &format!("{inner:?}"))])),
        forge(HEADER.replace('}', ",\"cty\":\"JWT\"}"), &inner),
    ]);
}
