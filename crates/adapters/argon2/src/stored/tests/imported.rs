//! Hashes of other systems.

use asteroid_identity::UnusableHash;

use super::*;

/// Pairs of hashes, of [`ASCII`] and of [`LETTERS`], from the same function of the same library.
const HASHES: [[&str; 2]; 16] = [
    // Django 5.2.19: PBKDF2PasswordHasher, PBKDF2SHA1PasswordHasher, ScryptPasswordHasher, Argon2PasswordHasher,
    // BCryptSHA256PasswordHasher and BCryptPasswordHasher, at small costs.
    [
        "pbkdf2_sha256$1200$Z3x9Kq0VnTfR2bYw8LmHcA$sinEjMkFfgSyaTwo75bh5syG30eIsOw5Qcrs6H9UGZc=",
        "pbkdf2_sha256$1200$Z3x9Kq0VnTfR2bYw8LmHcA$3Wgr/LTH4iTxXn5yIgWKq3XRUynYjMz4LuAZU1GiVfk=",
    ],
    [
        "pbkdf2_sha1$1200$Z3x9Kq0VnTfR2bYw8LmHcA$583ZsY643fY3L5QUcl6ZnbwTaa0=",
        "pbkdf2_sha1$1200$Z3x9Kq0VnTfR2bYw8LmHcA$mCdWPAY55liN2rT/kWQLNoqL23s=",
    ],
    [
        "scrypt$1024$Z3x9Kq0VnTfR2bYw8LmHcA$8$2$dZH3/aAFQy95Itwz4g64t4D3dNcOjCFjTHJs4VvRG/suJQC8dI2Q0KBE3xES0PEwAoERjsjiK8FXaTfkimJDow==",
        "scrypt$1024$Z3x9Kq0VnTfR2bYw8LmHcA$8$2$dOqvF6cPpGcYe3c6Zcs1oznF763YEqxRlcmQ0YVU80kSGua1yPYlV/CTI+jqAsy/imhLWcKoil9OvlVGbEHRyA==",
    ],
    [
        "argon2$argon2id$v=19$m=256,t=2,p=2$WjN4OUtxMFZuVGZSMmJZdzhMbUhjQQ$ygevx7BBhIf9kXxUe7Xr+htK77NTEz6ZSGXX6A6nFWc",
        "argon2$argon2id$v=19$m=256,t=2,p=2$WjN4OUtxMFZuVGZSMmJZdzhMbUhjQQ$0dwSxJi5VIITwPI+7Io8UGrpqWlhDKut/VGfSsIuneI",
    ],
    [
        "bcrypt_sha256$$2b$04$JwKHzZBNiRoSsSHn7UkdbeOZVva5r.tyZZqqHHQrOYhXBcqZfczQu",
        "bcrypt_sha256$$2b$04$bQ1pfKEjidM6znGq0M/oLultfNbL3uHJV7yOokWfmvMqDV3eWsaLm",
    ],
    [
        "bcrypt$$2b$04$R19nTZVURmobIOx8UZpcfeyBi1WIY387JcK88tNFHJbWKdfbqSdFC",
        "bcrypt$$2b$04$JUf7K52F5DG1jsIpBlq2e.6cykx0djb4Q3LlcCK08K8Gn3J4TPrK.",
    ],
    // Werkzeug 3.1.9: generate_password_hash.
    [
        "pbkdf2:sha256:1200$OEyXpjWWkdFbaegK$6a049602060e65b584da3c40d22fa83959a9cae7f248b3366983ab8d2bcef161",
        "pbkdf2:sha256:1200$RcpJuNevyS1yeMhX$18ea62753031be0ff1db22561409a8cf950815ec2d566eb534437f1276e6f39e",
    ],
    [
        "pbkdf2:sha1:1000$2Nft4eoG9eDb7eYj$cbc241e3239abff5153c66b55bd9fafda45c783c",
        "pbkdf2:sha1:1000$NosU110TVgZGwzrE$fc9d4dc0fa2b316642407af9be242ba87797ac71",
    ],
    [
        "pbkdf2:sha512:900$3BeF2nhx9UQlZFZn$dc95f4cdb280d3f1d84987d12452296f47589185acd29707fb09cde9c1c4136a46b96ad56973d48df2a470a724ad0c088c060d291f0dfbb5cb5bee34fef2be65",
        "pbkdf2:sha512:900$Wl88NXID5hcT5uDt$4f5f1c4b40dcffaea65fdb08c496ef104f0ab7fb27c15f9f6ab240aa655b36eb0c7f9b9c4373d6671cc9fb366e9bc058ec986f3472e1ef49d197104b5cb34d80",
    ],
    [
        "scrypt:1024:8:1$MMQdXY6TqkR4X0aY$d6e8d49ca15b4152e8a2a5ebdb9c36365c4147b4a49678a4c1ddfeaba99f86049288146b13157759241924d83bbecfdbccbb21365248bba8447ef8350af36948",
        "scrypt:1024:8:1$IjcoA14Lr7D8ISQH$43d43dbaab26849935337ae349c8c20ca769b191449c02b0e651de224b4a9df78d62acc7ae66aae6761f627fca3255cd84f8c6a97f9d3d73699faed29ef7d421",
    ],
    // passlib 1.7.4: pbkdf2_sha256, pbkdf2_sha512, pbkdf2_sha1, scrypt.
    [
        "$pbkdf2-sha256$1200$MSZEiJGythbC.B8jxFjLmQ$eshV8oOIEOcNo7wKjxfBqXwvDmKRO7gBe.fLzfROW/8",
        "$pbkdf2-sha256$1200$5Pzf.7.3lhKi1Hrv3ZvTmg$6UgxlpLKbpOtiJsWth/oKMi0COhJKa/lVFJHIKqg1ec",
    ],
    [
        "$pbkdf2-sha512$1200$ei.l9N5b611rzdk7p1RKiQ$J8dRJINXR5YstL5Lm7AIQnrmQQoznmLbaECohjCXWu9tAK/LAyGBm1P5lmsngJ.dVDdxV83VXlpPu1WR2IR39g",
        "$pbkdf2-sha512$1200$kzIG4FyLsdZaqzUm5BxjzA$w9NbjUQF1PkloUWcM7AIm99iZJIEIjvjJQM10rnGlS00KcG/yqdmxtDH./WZTbdGZtXUMDmu8qkGTODXuXtcPg",
    ],
    [
        "$pbkdf2$1200$TSnlHIMQwhjjXOs9Z8x57w$BPYvYge8heqwAYPpMHdSCJ4iirU",
        "$pbkdf2$1200$O8f437tXinGOUao1JuR8jw$gYs3fz6qoMYmthZn3ok47qeBDAI",
    ],
    [
        "$scrypt$ln=10,r=8,p=1$H+Mcw1iL8f4f41yLMSakNA$RRAWfvTWiVKA6RbRavRL9D95zy/ak6NHTivoBShx9yM",
        "$scrypt$ln=10,r=8,p=1$k/KeE6IU4pyTspYyJqT0Hg$FIZzhyEYUgXtPdpajGQ2MloFHOPPJWKRMVeFmjTGrLI",
    ],
    // npm's firebase-scrypt 2.2.0 with a memory cost of 10, in the alphabets of Firebase's two exports.
    [
        "$fbscrypt$v=1,n=10,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$ncpuWNN0X46gAiWUjgnO80PKmtBJbmcOGNvL/1+FpzrEiUhxU1SEnLAfbkOKgrS53fokSQZ7nGiXxqBUHrmWSQ==",
        "$fbscrypt$v=1,n=10,r=8,p=1,ss=Bw,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA$42xEC-ixf3L2lw$QuuiL3hRS0MGRb37SJLIRoxwFk4KbRkiIceqeASd0To_MUynBp_NBhu_FFREbI8oCoECznbt9PAKuchGr5JL7Q",
    ],
    // libxcrypt's bcrypt, which PHP calls, and so Laravel.
    [
        "$2y$05$K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GErO",
        "$2y$04$JUf7K52F5DG1jsIpBlq2e.6cykx0djb4Q3LlcCK08K8Gn3J4TPrK.",
    ],
];

const ASCII: &str = "IWasTheFirstPrez1776";
const LETTERS: &str = "Pässwörter 🔑";

/// Hashes of [`LETTERS`] in NFD, and of its first half in NFC and its second in NFD. Created with Python's bcrypt 5.0.0,
/// argon2-cffi 25.1.0, Werkzeug 3.1.9 and passlib 1.7.4.
const OTHER_SPELLINGS: [[&str; 2]; 5] = [
    [
        "$2b$04$8v2oI0CO84SPhyYVhtudOuKaFcJZaH6FWHeafhw8DJ6iTSiT0iese",
        "$2b$04$pBcHYR/ioMJvgajNvUvsROSaS9lylCgYEBCrShcRbz3d1JIqeoke6",
    ],
    [
        "$argon2id$v=19$m=256,t=2,p=1$oTEHHx5Ac7Ld8J5QfJgcHw$nwPSX8oa3I2xV0GXEP6dfus+KoM5nveHbbc3M4kIu6w",
        "$argon2id$v=19$m=256,t=2,p=1$A5/QZ8sFvbApy+s7cvOlbw$R9yd9tWnlO77CPzcMeEUSl0LaEaqqphHOR74WZNieEE",
    ],
    [
        "pbkdf2:sha256:1200$r1dpzp3jIz9xnri5$fed2aa5ebb70c711813afdb7929bcf26f29da83e5afd183ffbfc9543b213b6f1",
        "pbkdf2:sha256:1200$MCrPhFL9NON3Ssr9$8141e4ddb65539c501511a6815fe7e817ce52890a9f3d1b3d19ecf5b4edf1b09",
    ],
    [
        "scrypt:1024:8:1$XsBAntwoRAELarRv$1df51f892b53f8773faca0d7af3be55b5e786f0337176316d811adf6e3caddf694174bcd99551ddd8c8177f320f75ee52b21351690fb645b4d8e6bd90f39b041",
        "scrypt:1024:8:1$pSFJc5TzZ5hbpquf$03a244700bcb8d02f80bad290edbf1409e63c07f213bc6f2686e2b4829c3f0aac742e96a0b169ee8211f4e39d565204b7a37f357adc2f94d18332555fd1f6031",
    ],
    [
        "$pbkdf2-sha512$1200$BkBordUaAwDA2BsDoBTi/A$rAovW3bcZwryv1sOCKoNzEzLQjb62QPHqZamB4CC3Ys8MLe9NjFGM5DVLt2a4WB75orqYgwdZelqvn90h8ohdQ",
        "$pbkdf2-sha512$1200$9j7nHAPg/P8fA8D4XwsBgA$j.BMTC8fwd7XSkYQneGdwIuKEP/RACMkJmISIZysBXQEfqe5apeF3MTY.Iexbe1YKn7AJr8Ct.mJWZeCCi41Pg",
    ],
];

const OUTDATED: Verdict = Verdict::Match { outdated: true };

#[test]
fn the_hashes_of_other_systems_are_verified_and_replaced() {
    for hashes in HASHES {
        for (stored, password) in hashes.into_iter().zip([ASCII, LETTERS]) {
            assert_eq!(verdict(stored, password), OUTDATED, "{stored}");
            for other in ["", "x", &password[1..], &format!("{password}x")] {
                assert_eq!(verdict(stored, other), Verdict::Mismatch, "{stored} {other}");
            }
        }
    }
}

/// The example of Firebase's own scrypt utility: its README's parameters, salt, password and hash.
#[test]
fn firebases_own_example_is_verified() {
    let stored = "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";
    assert_eq!(verdict(stored, "user1password"), OUTDATED);
    assert_eq!(verdict(stored, "user2password"), Verdict::Mismatch);
}

/// Keycloak derives 64 bytes with every hash function; created with Python's `hashlib.pbkdf2_hmac`.
#[test]
fn a_hash_of_several_blocks_is_verified_in_full() {
    for stored in [
        "$pbkdf2$i=1000$AQIDBAUGBwgJCgsMDQ4PEA$Ojf0dSFXF0phBJtSR6rDDYJMCelG62CACdN62fauKlWQIWYu4tSprQ5XBcVtK8+Atod8FHhlDqk/KrQlcJLkBg",
        "$pbkdf2-sha1$i=1000,l=64$AQIDBAUGBwgJCgsMDQ4PEA==$Ojf0dSFXF0phBJtSR6rDDYJMCelG62CACdN62fauKlWQIWYu4tSprQ5XBcVtK8+Atod8FHhlDqk/KrQlcJLkBg==",
        "$pbkdf2-sha256$i=1000$AQIDBAUGBwgJCgsMDQ4PEA==$AizyoqNgxvSGXgW+2b29jnilBHHoUv8cjIzlg9jy/daNOReCi0t6wQ2ThMje/DuyRBXER9TQwLfY25SY29JS8g==",
        "$pbkdf2-sha512$i=1000$AQIDBAUGBwgJCgsMDQ4PEA==$R2c9DMJG/EIyQchzdYjIeaDHEyl43VhJneZQzh/mZe8QqOOrCJDMiSY+MDw0Npv11jdbdYhn7ZvAY87FDJqpow==",
    ] {
        assert_eq!(verdict(stored, ASCII), OUTDATED, "{stored}");
        assert_eq!(verdict(stored, LETTERS), Verdict::Mismatch, "{stored}");
        // A different last block.
        let changed = stored.replace(
            "BJtSR6rDDYJMCelG62CACdN62fauKlWQIWYu4tSprQ5X",
            "BJtSR6rDDYJMCelG62CACdN62fauKlWQIWYu4tSprQ5Y",
        );
        if changed != stored {
            assert_eq!(verdict(&changed, ASCII), Verdict::Mismatch, "{stored}");
        }
    }
}

#[test]
fn a_hash_of_nfd_or_mixed_text_matches_and_is_replaced_by_one_of_nfc() {
    let nfd = "Pa\u{308}sswo\u{308}rter 🔑";
    let mixed = "Pässwo\u{308}rter 🔑";
    for [of_nfd, of_mixed] in OTHER_SPELLINGS {
        for sent in [LETTERS, nfd, mixed] {
            assert_eq!(verdict(of_nfd, sent), OUTDATED, "{of_nfd} {sent:?}");
        }
        assert_eq!(verdict(of_mixed, mixed), OUTDATED, "{of_mixed}");
        for sent in [LETTERS, nfd] {
            assert_eq!(verdict(of_mixed, sent), Verdict::Mismatch, "{of_mixed} {sent:?}");
        }
        for other in ["Passworter 🔑", "pa\u{308}sswo\u{308}rter 🔑", ""] {
            assert_eq!(verdict(of_nfd, other), Verdict::Mismatch, "{of_nfd} {other:?}");
        }
    }
}

/// Its NFC has 48 bytes, which would be unambiguous.
#[test]
fn bcrypt_of_more_than_72_bytes_of_nfd_is_not_replaced() {
    let nfd = "a\u{308}".repeat(25);
    let stored = bcrypt::hash(&nfd, 4).expect("a hash");
    for sent in [nfd.clone(), format!("{nfd}x"), "ä".repeat(25), "ä".repeat(24)] {
        assert_eq!(verdict(&stored, &sent), Verdict::Match { outdated: false }, "{sent}");
    }
}

/// HMAC pads its key with zeros, so both texts have these hashes.
#[test]
fn a_text_that_ends_in_nul_never_replaces_a_hash_of_hmac() {
    let padded = format!("{ASCII}\0");
    for [stored, _] in HASHES {
        let verdict = verdict(stored, &padded);
        let is_of_hmac = !stored.contains("argon2") && !stored.contains("$2b$") && !stored.contains("$2y$");
        let expected = if is_of_hmac { Verdict::Match { outdated: false } } else { Verdict::Mismatch };
        assert_eq!(verdict, expected, "{stored}");
    }
}

#[test]
fn an_unsupported_or_malformed_hash_is_rejected_with_its_reason() {
    let malformed = |scheme, part| UnusableHash::Malformed { scheme, part };
    let bounds =
        |scheme, part, least, most, unit| UnusableHash::OutOfBounds { scheme, part, least, most, unit };
    let bytes = |scheme, part, least, most| bounds(scheme, part, least, most, " bytes");
    let b64 = "sinEjMkFfgSyaTwo75bh5syG30eIsOw5Qcrs6H9UGZc=";
    let hex = "6a049602060e65b584da3c40d22fa83959a9cae7f248b3366983ab8d2bcef161";
    let long = format!("{b64}{b64}").replace('=', "");
    let of_64_bytes =
        "dZH3/aAFQy95Itwz4g64t4D3dNcOjCFjTHJs4VvRG/suJQC8dI2Q0KBE3xES0PEwAoERjsjiK8FXaTfkimJDow==";
    let django = |iterations: &str| format!("pbkdf2_sha256${iterations}$salt${b64}");
    let scrypt = |n: &str, r: &str, p: &str| format!("scrypt${n}$salt${r}${p}${of_64_bytes}");
    let phc = |params: &str| format!("$scrypt${params}$c2FsdA${b64}");
    let firebase = |params: &str| format!("$fbscrypt${params}$42xEC+ixf3L2lw==${of_64_bytes}");
    let (pbkdf2, fb) = ("PBKDF2", "Firebase's scrypt");
    for (stored, error) in [
        (String::new(), UnusableHash::UnknownScheme),
        ("!".into(), UnusableHash::UnknownScheme),
        ("5f4dcc3b5aa765d61d8327deb882cf99".into(), UnusableHash::UnknownScheme),
        ("pbkdf2".into(), UnusableHash::UnknownScheme),
        (
            "$2x$05$K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GErO".into(),
            UnusableHash::UnsupportedScheme("bcrypt $2x$"),
        ),
        ("$6$salt$x".into(), UnusableHash::UnsupportedScheme("sha512crypt")),
        ("sha256$salt$x".into(), UnusableHash::UnsupportedScheme("salted SHA-256")),
        // Truncated.
        ("pbkdf2_sha256$1200$salt".into(), malformed(pbkdf2, "number of parts")),
        ("pbkdf2:sha256:1200$salt".into(), malformed(pbkdf2, "number of parts")),
        ("$pbkdf2-sha256$1200$c2FsdA".into(), malformed(pbkdf2, "number of parts")),
        (format!("pbkdf2_sha256$1200$salt${}", &b64[..40]), bytes(pbkdf2, "hash", 32, 32)),
        ("pbkdf2_sha256$1200$salt$".into(), bytes(pbkdf2, "hash", 32, 32)),
        (format!("pbkdf2:sha256:1200$salt${}", &hex[..62]), bytes(pbkdf2, "hash", 32, 32)),
        (format!("$pbkdf2-sha256$1200$c2FsdA${}", &b64[..16]), bytes(pbkdf2, "hash", 16, 64)),
        (format!("$pbkdf2-sha256$1200$c2FsdA${long}"), malformed(pbkdf2, "hash")),
        (
            "$2b$05$K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GEr".into(),
            malformed("bcrypt", "encoding"),
        ),
        ("$2b$05$".into(), malformed("bcrypt", "encoding")),
        ("bcrypt_sha256$$2b$05$".into(), malformed("bcrypt", "encoding")),
        ("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ".into(), malformed("argon2", "hash")),
        // Wrong encoding.
        (format!("pbkdf2_sha256$1200$salt${}*=", &b64[..42]), malformed(pbkdf2, "hash")),
        (format!("pbkdf2:sha256:1200$salt${b64}"), malformed(pbkdf2, "hash")),
        (format!("$pbkdf2-sha256$1200$sa lt${b64}"), malformed(pbkdf2, "salt")),
        (format!("$pbkdf2-sha256$1200$é${b64}"), malformed(pbkdf2, "salt")),
        // Unsupported hash function.
        (format!("pbkdf2_md5$1200$salt${b64}"), malformed(pbkdf2, "hash function")),
        (format!("$pbkdf2-$1200$c2FsdA${b64}"), malformed(pbkdf2, "hash function")),
        (format!("$pbkdf2x$1200$c2FsdA${b64}"), malformed(pbkdf2, "hash function")),
        // Excessive parameters.
        (django("0"), bounds(pbkdf2, "iterations", 1, 4_000_000, "")),
        (django("4000001"), bounds(pbkdf2, "iterations", 1, 4_000_000, "")),
        (django("99999999999999999999999"), bounds(pbkdf2, "iterations", 1, 4_000_000, "")),
        (django("-1"), malformed(pbkdf2, "iterations")),
        (django("+1"), malformed(pbkdf2, "iterations")),
        (django(""), malformed(pbkdf2, "iterations")),
        (django("1e3"), malformed(pbkdf2, "iterations")),
        (
            format!("$pbkdf2-sha256$i=2000001$c2FsdA${of_64_bytes}"),
            bounds(pbkdf2, "iterations", 1, 2_000_000, ""),
        ),
        (format!("$pbkdf2-sha256$l=32$c2FsdA${b64}"), malformed(pbkdf2, "iterations")),
        (format!("$pbkdf2-sha256$i=1,l=31$c2FsdA${b64}"), bounds(pbkdf2, "length", 32, 32, "")),
        (format!("$pbkdf2-sha256$i=1,i=1$c2FsdA${b64}"), malformed(pbkdf2, "list of parameters")),
        (format!("$pbkdf2-sha256$i=1,x=1$c2FsdA${b64}"), malformed(pbkdf2, "list of parameters")),
        (format!("pbkdf2_sha256$1200$${b64}"), bytes(pbkdf2, "salt", 1, 128)),
        (format!("pbkdf2_sha256$1200${}${b64}", "s".repeat(129)), bytes(pbkdf2, "salt", 1, 128)),
        (scrypt("1000", "8", "1"), malformed("scrypt", "N")),
        (scrypt("0", "8", "1"), bounds("scrypt", "N", 2, 1 << 20, "")),
        (scrypt("1", "8", "1"), bounds("scrypt", "N", 2, 1 << 20, "")),
        (scrypt("18446744073709551616", "8", "1"), bounds("scrypt", "N", 2, 1 << 20, "")),
        (scrypt("262144", "8", "1"), bounds("scrypt", "memory", 0, 128 << 10, " KiB")),
        (scrypt("16384", "65", "1"), bounds("scrypt", "r", 1, 64, "")),
        (scrypt("16384", "0", "1"), bounds("scrypt", "r", 1, 64, "")),
        (scrypt("16384", "8", "0"), bounds("scrypt", "p", 1, 64, "")),
        (scrypt("16384", "8", "4294967295"), bounds("scrypt", "p", 1, 64, "")),
        (scrypt("131072", "8", "9"), bounds("scrypt", "memory times p", 0, 1 << 20, " KiB")),
        (format!("scrypt$16384$salt$8$1${b64}"), bytes("scrypt", "hash", 64, 64)),
        ("scrypt:16384:8$salt$00".into(), malformed("scrypt", "number of parts")),
        (phc("ln=0,r=8,p=1"), bounds("scrypt", "ln", 1, 63, "")),
        (phc("ln=64,r=8,p=1"), bounds("scrypt", "ln", 1, 63, "")),
        (phc("ln=63,r=64,p=1"), bounds("scrypt", "memory", 0, 128 << 10, " KiB")),
        (phc("ln=10,r=8"), malformed("scrypt", "p")),
        (phc("ln=10;r=8"), malformed("scrypt", "ln")),
        (phc("8"), malformed("scrypt", "list of parameters")),
        (firebase("v=2,n=14,r=8,p=1,ss=Bw==,sk=AAAA"), bounds(fb, "version", 1, 1, "")),
        (firebase("v=1,n=18,r=8,p=1,ss=Bw==,sk=AAAA"), bounds(fb, "memory", 0, 128 << 10, " KiB")),
        (firebase("v=1,n=14,r=8,p=1,ss=Bw=="), bytes(fb, "signer key", 16, 128)),
        (firebase("v=1,n=14,r=8,p=1,ss=*,sk=AAAA"), malformed(fb, "salt separator")),
        (firebase(&format!("v=1,n=14,r=8,p=1,ss=Bw==,sk={b64}")), bytes(fb, "hash", 32, 32)),
        (
            "$argon2id$v=19$m=1048577,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEg".into(),
            bounds("argon2", "memory", 8, 1 << 20, " KiB"),
        ),
        (
            "$2b$17$K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GErO".into(),
            bounds("bcrypt", "cost", 4, 16, ""),
        ),
    ] {
        assert_eq!(StoredHash::parse(&stored).err(), Some(error), "{stored}");
        let shown = error.to_string();
        assert!(stored.is_empty() || !shown.contains(&stored), "{shown}");
    }
}

/// The defaults of each system, and the recommendations of OWASP's Password Storage Cheat Sheet.
#[test]
fn the_usual_costs_are_within_bounds() {
    let of_32_bytes = "sinEjMkFfgSyaTwo75bh5syG30eIsOw5Qcrs6H9UGZc";
    let of_64_bytes =
        "dZH3/aAFQy95Itwz4g64t4D3dNcOjCFjTHJs4VvRG/suJQC8dI2Q0KBE3xES0PEwAoERjsjiK8FXaTfkimJDow";
    for stored in [
        format!("pbkdf2_sha256$1500000$salt${of_32_bytes}="),
        format!("pbkdf2:sha256:1000000$salt${}", "00".repeat(32)),
        format!("$pbkdf2-sha512$i=210000$c2FsdA${of_64_bytes}"),
        format!("$pbkdf2$i=600000$c2FsdA${of_64_bytes}"),
        format!("scrypt$16384$salt$8$5${of_64_bytes}=="),
        format!("scrypt:32768:8:1$salt${}", "00".repeat(64)),
        format!("scrypt:131072:8:1$salt${}", "00".repeat(64)),
        format!("$scrypt$ln=17,r=8,p=1$c2FsdA${of_32_bytes}"),
        format!("argon2$argon2id$v=19$m=102400,t=2,p=8$c1h1Zmh2NXE0RlV6WlIxNGdzbFpaeg${of_32_bytes}"),
        format!("$argon2id$v=19$m=65536,t=4,p=1$c29tZXNhbHQ${of_32_bytes}"),
        format!("$argon2id$v=19$m=7168,t=5,p=1$c29tZXNhbHQ${of_32_bytes}"),
        "$2y$12$K0ByB.6YI2/OYrB4fQOYLeByN3OwSac8na9UcQceWm/vGiln3GErO".into(),
    ] {
        assert!(StoredHash::parse(&stored).is_ok(), "{stored}");
    }
}

/// Every hash, truncated at every byte and with every byte replaced, is parsed or rejected, and never panics.
#[test]
fn damaged_hashes_never_panic() {
    for stored in HASHES.as_flattened() {
        for (at, _) in stored.char_indices() {
            let _ = StoredHash::parse(&stored[..at]);
            for byte in ["", "$", "=", ",", ":", "0", "9", "-", "é", "\0"] {
                let _ = StoredHash::parse(&format!("{}{byte}{}", &stored[..at], &stored[at + 1..]));
            }
        }
    }
}

#[test]
fn the_reason_names_scheme_part_and_bounds() {
    for (stored, shown) in [
        ("secret", "is not a hash of bcrypt, argon2, scrypt or PBKDF2 in a known form"),
        ("$6$salt$x", "is a hash of sha512crypt, which is not supported"),
        (
            "pbkdf2_sha256$0$salt$sinEjMkFfgSyaTwo75bh5syG30eIsOw5Qcrs6H9UGZc=",
            "is a hash of PBKDF2 whose iterations must be 1 to 4000000",
        ),
        ("pbkdf2_sha256$1$salt$AAAA", "is a hash of PBKDF2 whose hash must be 32 bytes"),
        ("$2b$05$", "is not a valid hash of bcrypt: its encoding is not valid"),
    ] {
        assert_eq!(StoredHash::parse(stored).err().map(|error| error.to_string()).as_deref(), Some(shown));
    }
}
