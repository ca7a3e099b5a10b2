use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::*;

/// The file that is handed out.
fn sample_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/asteroid.toml")
}

fn read(toml: &str, environment: &[(&str, &str)]) -> Configuration {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("asteroid.toml");
    std::fs::write(&file, toml).expect("written");
    let environment =
        environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
    Configuration::read(&Sources { file: Some(file), environment })
}

fn settings(toml: &str, environment: &[(&str, &str)]) -> Settings {
    read(toml, environment).valid().expect("nothing is wrong").settings
}

/// What is wrong, the file's own path shortened.
fn problems(toml: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let ConfigErrors(problems) = read(toml, environment).valid().expect_err("something is wrong");
    let shorten =
        |text: &str| if text.ends_with("asteroid.toml") { "FILE".to_owned() } else { text.to_owned() };
    problems
        .into_iter()
        .map(|problem| ConfigError {
            key: shorten(&problem.key),
            source: shorten(&problem.source),
            ..problem
        })
        .map(|problem| problem.to_string())
        .collect()
}

fn keys_of(tree: &Dict, prefix: &str, keys: &mut BTreeSet<String>) {
    for (name, value) in tree {
        match value {
            Value::Dict(_, inner) => keys_of(inner, &format!("{prefix}{name}."), keys),
            _ => {
                keys.insert(format!("{prefix}{name}"));
            }
        }
    }
}

#[test]
fn defaults_need_no_file_and_no_environment() {
    let configuration = Configuration::read(&Sources::default()).valid().expect("nothing is wrong");
    assert_eq!(configuration.settings, Settings::default());
}

#[test]
fn sample_file_has_every_setting_with_its_default_and_a_comment() {
    let configuration = Configuration::read(&Sources { file: Some(sample_file()), environment: Vec::new() });
    assert_eq!(configuration.valid().expect("nothing is wrong").settings, Settings::default());

    let text = std::fs::read_to_string(sample_file()).expect("the file is there");
    let (mut named, mut all) = (BTreeSet::new(), BTreeSet::new());
    keys_of(&toml::from_str(&text).expect("TOML"), "", &mut named);
    keys_of(&defaults(), "", &mut all);
    assert_eq!(named, all);

    let lines: Vec<&str> = text.lines().collect();
    for pair in lines.windows(2) {
        let is_setting = pair[1].contains(" = ") && !pair[1].starts_with('#');
        assert!(!is_setting || pair[0].starts_with('#'), "no comment above: {}", pair[1]);
    }
}

#[test]
fn environment_overrides_the_file_and_the_file_overrides_defaults() {
    let toml = "http.body_limit = 2048\nhttp.workers = 3\n[product]\nname = 'Comet'";
    let configuration = read(toml, &[("ASTEROID_HTTP__WORKERS", "5"), ("HOME", "/root")]);
    let settings = &configuration.settings;
    assert_eq!((settings.http.body_limit, settings.http.workers), (2048, 5));
    assert_eq!((settings.product.name.as_str(), settings.product.domain.as_str()), ("Comet", "localhost"));
    assert!(configuration.origin("http.body_limit").ends_with("asteroid.toml"));
    assert_eq!(configuration.origin("http.workers"), "ASTEROID_HTTP__WORKERS");
    assert_eq!(configuration.origin("http.bind"), "default");
}

#[test]
fn database_url_variable_precedes_the_file_and_follows_asteroid_database_url() {
    let toml = "database.url = 'sqlite://file.db'";
    let url = |environment: &[(&str, &str)]| settings(toml, environment).database.url.to_string();
    assert_eq!(url(&[]), "sqlite://file.db");
    assert_eq!(url(&[("DATABASE_URL", "")]), "sqlite://file.db");
    assert_eq!(url(&[("DATABASE_URL", "sqlite://common.db")]), "sqlite://common.db");
    let both = [("ASTEROID_DATABASE__URL", "sqlite://own.db"), ("DATABASE_URL", "sqlite://common.db")];
    assert_eq!(url(&both), "sqlite://own.db");
}

#[test]
fn environment_variable_is_parsed_by_the_type_of_its_setting() {
    let settings = settings(
        "",
        &[
            ("ASTEROID_PRODUCT__NAME", "2024"),
            ("ASTEROID_LIMITS__ENABLED", "false"),
            ("ASTEROID_CODES__V1__LENGTH", "7"),
            ("ASTEROID_HTTP__CORS_ORIGINS", "https://a.example.com, https://b.example.com"),
            ("ASTEROID_HTTP__TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"::1\"]"),
        ],
    );
    assert_eq!(settings.product.name, "2024");
    assert!(!settings.limits.enabled);
    assert_eq!(settings.codes.v1.length, 7);
    assert_eq!(settings.http.cors_origins, ["https://a.example.com", "https://b.example.com"]);
    let networks: Vec<String> = settings.http.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "::1/128"]);
}

#[test]
fn variables_of_tests_and_container_platforms_are_ignored() {
    let ignored = [
        ("ASTEROID_TEST_DATABASE", "1"),
        ("ASTEROID_REQUIRE_POSTGRES", "1"),
        ("ASTEROID_SERVICE_HOST", "10.0.0.1"),
        ("ASTEROID_SERVICE_PORT_HTTP", "80"),
        ("ASTEROID_PORT", "tcp://10.0.0.1:80"),
        ("ASTEROID_PORT_80_TCP_ADDR", "10.0.0.1"),
    ];
    assert_eq!(settings("", &ignored), Settings::default());
    assert_eq!(problems("", &[("ASTEROID_PORT", "8080")]).len(), 1);
}

#[test]
fn lower_case_environment_variable_is_refused() {
    assert_eq!(
        problems("", &[("asteroid_http__bind", "127.0.0.1:9000"), ("Asteroid_KEYS__FILE", "secret")]),
        [
            "http.bind (asteroid_http__bind) is not read: write ASTEROID_HTTP__BIND in capitals",
            "keys.file (Asteroid_KEYS__FILE) is not read: write ASTEROID_KEYS__FILE in capitals",
        ]
    );
    // Variables that name no setting belong to other programs.
    let others =
        [("asteroid_belt", "Kuiper"), ("asteroid_http", "x"), ("asteroid", "Ceres"), ("astérøïd_http", "x")];
    assert_eq!(settings("", &others), Settings::default());
    // Behind the prefix, letters are letters.
    assert_eq!(settings("", &[("ASTEROID_http__workers", "5")]).http.workers, 5);
}

#[test]
fn unknown_setting_is_refused_with_a_suggestion() {
    let toml =
        "profil = 'production'\n[http]\nbnd = '127.0.0.1:1'\n[htpp]\nbind = '127.0.0.1:1'\n[zzz]\nq = 1";
    let environment =
        [("ASTEROID_HTTP_BIND", "x"), ("ASTEROID_SESSIONS__IDEL", "1h"), ("ASTEROID_QQQQQQQQ", "1")];
    assert_eq!(
        problems(toml, &environment),
        [
            "htpp (FILE) is not a setting: did you mean `http`?",
            "http.bnd (FILE) is not a setting: did you mean `http.bind`?",
            "http_bind (ASTEROID_HTTP_BIND) is not a setting: did you mean ASTEROID_HTTP__BIND?",
            "profil (FILE) is not a setting: did you mean `profile`?",
            "qqqqqqqq (ASTEROID_QQQQQQQQ) is not a setting: `asteroid config print` shows every setting",
            "sessions.idel (ASTEROID_SESSIONS__IDEL) is not a setting: did you mean ASTEROID_SESSIONS__IDLE?",
            "zzz (FILE) is not a setting: `asteroid config print` shows every setting",
        ]
    );
}

#[test]
fn settings_of_the_wrong_type_are_reported_together() {
    let toml = "profile = 1\nkeys = 'file'\n\
                [http]\nbind = 'localhost:8080'\nbody_limit = -1\ntrusted_proxies = ['10.0.0.0/8', '10.0.0.0/33', 5]\n\
                [codes]\nlife = 600\nv1 = { alphabet = 'base64', length = 300 }\n\
                [product]\ndefault_region = 'us'\nname = ['hunter2']\n[messages]\nlanguage = 'fr'\n[log.level]\nx = 1";
    let environment = [
        ("ASTEROID_LIMITS__ENABLED", "nope"),
        ("ASTEROID_SESSIONS__IDLE", "12"),
        ("ASTEROID_HTTP__WORKERS", "two"),
    ];
    assert_eq!(
        problems(toml, &environment),
        [
            "codes.life (FILE) is 600: must be a duration, written like \"500ms\", \"90s\", \"10m\", \"24h\" \
             or \"30d\"",
            "codes.v1.alphabet (FILE) is \"base64\": must be \"crockford\" or \"digits\"",
            "codes.v1.length (FILE) is 300: must be a whole number from 0 to 255",
            "http.bind (FILE) is \"localhost:8080\": must be an address and a port, like \"127.0.0.1:8080\"",
            "http.body_limit (FILE) is -1: must be a whole number, zero or more",
            "http.trusted_proxies (FILE) is \"10.0.0.0/33\": must be a network or an address, like \"10.0.0.0/8\" \
             or \"::1\"",
            "http.trusted_proxies (FILE) is 5: must be text, in quotes",
            "http.workers (ASTEROID_HTTP__WORKERS) is \"two\": must be a whole number, zero or more",
            "keys (FILE) is text: is a section: set one of its keys",
            "limits.enabled (ASTEROID_LIMITS__ENABLED) is \"nope\": must be true or false",
            "log.level (FILE) is a section: must be text, in quotes",
            "messages.language (FILE) is \"fr\": must be \"en\" or \"de\"",
            "product.default_region (FILE) is \"us\": must be an ISO 3166-1 code of two capital letters, like \
             \"US\" or \"DE\"",
            "product.name (FILE) is a list: must be text, in quotes",
            "profile (FILE) is 1: must be \"development\" or \"production\"",
            "sessions.idle (ASTEROID_SESSIONS__IDLE) is \"12\": must be a duration, written like \"500ms\", \
             \"90s\", \"10m\", \"24h\" or \"30d\"",
        ]
    );
}

#[test]
fn settings_out_of_bounds_are_reported_together() {
    let toml = "[http]\nkeep_alive = '0s'\ncors_origins = ['*', 'https://a.example.com/']\n\
                [database]\nurl = 'postgres://george:hunter2@db'\nreaders = 0\n\
                [product]\nname = ' '\ndomain = 'https://example.com'\nsupport = 'help@localhost'\n\
                [email]\nurl = 'smtps://george:hunter2@example.com'\n\
                [codes]\nguesses = 3\nstranger_guesses = 4\nv1.length = 3\nv2.length = 5\n\
                [passwords]\nmin_length = 4\nmax_length = 128\nmax_bytes = 100\nhashing.memory_kib = 1\n\
                [sessions]\nidle = '48h'\n[limits.wrong_passwords]\nfree = 200\n[log]\nlevel = 'verbose'";
    assert_eq!(
        problems(toml, &[]),
        [
            "database.url (FILE) is not valid: must be like \
             postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require: it names no database",
            "email.url (FILE) is not valid: `from=` is missing: \
             write it like `smtps://USER:PASSWORD@mail.example.com:465?from=Asteroid%20<no-reply@example.com>`",
            "http.cors_origins (FILE) holds \"*\", \"https://a.example.com/\": there is no wildcard: list the origins; \
             an origin ends with its host or port: leave out the path, and the slash before it",
            "http.keep_alive (FILE) is 0s: must be from 1s to 1h",
            "database.readers (FILE) is 0: must be from 1 to 64",
            "product.name (FILE) is \" \": must be a name of 1 to 50 characters on one line",
            "product.domain (FILE) is \"https://example.com\": must be a domain like \"example.com\", without \
             scheme, port or path",
            "product.support (FILE) is \"help@localhost\": must be an e-mail address like \"help@example.com\", or empty",
            "codes.stranger_guesses (FILE) is 4: must not exceed codes.guesses, which is 3",
            "codes.v1.length (FILE) is 3: must be from 4 to 12",
            "codes.v2.length (FILE) is 5: must be from 6 to 12",
            "passwords.min_length (FILE) is 4: must be from 8 to 64",
            "passwords.max_length (FILE) is 128: must not exceed passwords.max_bytes, which is 100",
            "passwords.hashing.memory_kib (FILE) is 1 KiB: must be from 8 to 1048576 KiB",
            "sessions.idle (FILE) is 2d: must not exceed sessions.absolute, which is 24h",
            "limits.wrong_passwords.free (FILE) is 200: must not exceed limits.wrong_passwords.lock_at, which is 100",
            "log.level (FILE) is \"verbose\": write \"info\", or \"warn,asteroid=debug\"",
        ]
    );
}

#[test]
fn countries_of_sms_are_known_ones() {
    let toml = "sms.countries = ['US', 'us', 'CA', 'XX']";
    assert_eq!(
        problems(toml, &[]),
        ["sms.countries (FILE) holds \"us\", \"XX\": must be ISO 3166-1 codes of two capital letters, like \
          [\"US\", \"CA\"]"]
    );
    assert_eq!(settings("", &[("ASTEROID_SMS__COUNTRIES", "US,CA")]).sms.countries, ["US", "CA"]);
}

#[test]
fn support_address_needs_no_escaping() {
    for good in ["", "help@example.com", "help+pets@ex-ample.co.uk", "hilfe@müller.example"] {
        let toml = format!("product.support = '{good}'");
        assert_eq!(settings(&toml, &[]).product.support, good);
    }
    for bad in
        ["help", "help@", " help@example.com", "Help <help@example.com>", "a?b@example.com", "a@b.c, d@e.f"]
    {
        assert_eq!(
            problems(&format!("product.support = '{bad}'"), &[]),
            [format!(
                "product.support (FILE) is \"{bad}\": must be an e-mail address like \"help@example.com\", or empty"
            )]
        );
    }
}

#[test]
fn log_level_may_name_modules() {
    assert_eq!(settings("log.level = 'warn,asteroid=debug'", &[]).log.level, "warn,asteroid=debug");
}

#[test]
fn invalid_toml_is_refused_without_quoting_it() {
    let found =
        problems("[database]\nurl = 'postgres://george:hunter2@db", &[("ASTEROID_HTTP__WORKERS", "x")]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("FILE is not valid TOML at line 2, column "), "{}", found[0]);
    assert!(!found[0].contains("hunter2"), "{}", found[0]);
}

#[test]
fn missing_config_file_is_refused() {
    let sources = Sources { file: Some("no/such/file.toml".into()), environment: Vec::new() };
    let ConfigErrors(problems) = Configuration::read(&sources).valid().expect_err("no such file");
    assert_eq!(
        problems[0].to_string(),
        "no/such/file.toml cannot be read (No such file or directory (os error 2)): set the path of an existing TOML file"
    );
}

#[test]
fn printed_configuration_is_read_as_the_same_settings() {
    let toml = "[codes.v2]\nlength = 8";
    let configuration = read(toml, &[("ASTEROID_HTTP__WORKERS", "5")]);
    let printed = configuration.to_toml().expect("TOML");
    assert_eq!(settings(&printed, &[]), configuration.settings);
    assert!(printed.contains("\nworkers = 5  # ASTEROID_HTTP__WORKERS\n"), "{printed}");
    let length = printed.lines().find(|line| line.starts_with("length = 8  # ")).expect("the length");
    assert!(length.ends_with("asteroid.toml"), "{length}");
    assert!(printed.contains("\nhandler_timeout = \"10s\"\n"), "{printed}");
}

/// Texts that are no URL of a database, of a mail server or of a provider.
const INVALID_URLS: &[&str] = &[
    "canary",
    "SG.canary",
    " SG.canary ",
    "SG.canary:x",
    "SG-canary://x",
    "whsec_canary",
    "canary@example.com",
    "\tsmtp://u:canary@example.com?from=a@example.com",
    " postgres://u:canary@db/asteroid",
    "smpt://u:canary@example.com?from=a@example.com",
    "smtp:/u:canary@example.com",
    "smtp//u:canary@example.com?from=a@example.com",
    "smtp://u:canary@example.com",
    "smtp://u:canary@example.com:port?from=a@example.com",
    "smtp://u:canary@example.com?from=a@example.com&canary=canary",
    "smtp://u:p/canary@example.com?from=a@example.com",
    "smtp://u:p#canary@example.com?from=a@example.com",
    "smtp://u:p?canary=x@example.com",
    "smtp://u:p@canary/@example.com?from=a@example.com",
    "smtps://canary@example.com?from=a@example.com",
    "smtps://u:%00canary@example.com?from=a@example.com",
    "twilio://AC01:canary@api.twilio.com",
    "twilio://canary@api.twilio.com?from=1",
    "webhook+https://u:canary@example.com?secret=whsec_canary",
    "webhook+https://example.com/canary?secret=canary",
    "webhook+ftp://example.com/canary",
    "mysql://u:canary@db/asteroid",
    "postgres//u:canary@db/asteroid",
    "postgress://u:canary@db/asteroid",
    "postgres:u:canary@db/asteroid",
    "postgres://u:canary",
    "postgres://u:canary@db",
    "postgres://u:canary@db:port/asteroid",
    "postgres://u:p@canary@db/asteroid",
    "postgres://u:p@ss/canary@db/asteroid",
    "postgres://u:p@ss?canary=x@db/asteroid",
    "postgres://u:p?canary=x",
    "postgres://u:canary@db/asteroid?canary",
    "postgres://u:canary@db/asteroid?canary=canary",
    "postgres://u:canary@db/asteroid?sslmode=canary",
    "postgres://u:canary@db/asteroid?connect_timeout=canary",
    "sqlite:canary",
    "sqlite://u:canary@db/asteroid?x",
];

/// Checks that each of these settings is named, and that no output has the canary in any spelling.
fn check_that_the_canary_is_not_told(toml: &str, environment: &[(&str, &str)], named: &[&str]) {
    let ConfigErrors(errors) = read(toml, environment).valid().expect_err("something is wrong");
    let json = serde_json::to_string(&errors).expect("JSON");
    let told = format!("{}{json}{errors:?}", ConfigErrors(errors.clone())).to_lowercase();
    assert!(!told.contains("canary"), "{environment:?} {toml}: {told}");
    let problems = problems(toml, environment);
    for named in named {
        assert!(problems.iter().any(|problem| problem.starts_with(named)), "{named}: {problems:?}");
    }
}

#[test]
fn invalid_url_of_any_source_is_named_and_never_told() {
    for url in INVALID_URLS {
        let environment =
            [("DATABASE_URL", *url), ("ASTEROID_EMAIL__URL", *url), ("ASTEROID_SMS__URL", *url)];
        let named = [
            "database.url (DATABASE_URL) is not valid: ",
            "email.url (ASTEROID_EMAIL__URL) is not valid: ",
            "sms.url (ASTEROID_SMS__URL) is not valid: ",
        ];
        check_that_the_canary_is_not_told("", &environment, &named);
        let named = ["database.url (ASTEROID_DATABASE__URL) is not valid: "];
        check_that_the_canary_is_not_told("", &[("ASTEROID_DATABASE__URL", url)], &named);
        let url = serde_json::to_string(url).expect("text");
        let toml = format!("database.url = {url}\n[email]\nurl = {url}\n");
        let named = ["database.url (FILE) is not valid: ", "email.url (FILE) is not valid: "];
        check_that_the_canary_is_not_told(&toml, &[], &named);
    }
}

#[test]
fn url_in_a_wrong_place_is_never_told() {
    for toml in [
        "email.url = SG.canary",
        "email.url = 'SG.canary",
        "email.url = \"SG.canary\\x\"",
        "email.url = smtp://u:canary@example.com",
        "email.url = 'a' canary",
        "email.url = 5canary",
        "email.url 'canary'",
        "email.url = 'smtp:'\nemail.url = 'canary'",
    ] {
        check_that_the_canary_is_not_told(toml, &[], &["FILE is not valid TOML at line "]);
    }
    for (toml, named) in [
        ("email = 'SG.canary'", "email (FILE) is text: "),
        ("email.url = ['SG.canary']", "email.url (FILE) is not valid: "),
        ("email.url = { url = 'SG.canary' }", "email.url (FILE) is not valid: "),
        ("http.bind = 'postgres://u:canary@db/asteroid'", "http.bind (FILE) is a URL: "),
        (
            "http.cors_origins = ['https://u:canary@example.com']",
            "http.cors_origins (FILE) holds an origin with",
        ),
    ] {
        check_that_the_canary_is_not_told(toml, &[], &[named]);
    }
    let named = ["email (ASTEROID_EMAIL) is text: ", "sms_url (ASTEROID_SMS_URL) is not a setting: "];
    let environment = [("ASTEROID_EMAIL", "SG.canary"), ("ASTEROID_SMS_URL", "canary")];
    check_that_the_canary_is_not_told("", &environment, &named);
}

/// A folder with this file, and the file's path.
fn value_file(content: impl AsRef<[u8]>) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("value");
    std::fs::write(&path, content).expect("written");
    let path = path.to_str().expect("UTF-8").to_owned();
    (folder, path)
}

#[test]
fn every_setting_may_be_read_from_a_file() {
    let defaults = defaults();
    let mut keys = BTreeSet::new();
    keys_of(&defaults, "", &mut keys);
    for key in keys {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        let text = match setting_names::find(&defaults, &path).expect("a setting") {
            Value::Array(..) => String::new(),
            Value::String(_, text) => text.clone(),
            Value::Bool(_, bool) => bool.to_string(),
            number => number.to_u128().expect("a number").to_string(),
        };
        let variable = format!("{}_FILE", Sources::variable_of(&key));
        let (_folder, file) = value_file(format!("{text}\n"));
        let configuration = read("", &[(&variable, &file)]);
        assert_eq!(configuration.origin(&key), variable);
        assert_eq!(configuration.valid().expect("valid").settings, Settings::default(), "{key}");
    }
}

#[test]
fn value_file_loses_only_the_line_ends_at_its_end() {
    for (content, name) in
        [("Comet", "Comet"), ("Comet\n", "Comet"), ("Comet \r\n\n", "Comet "), (" a", " a")]
    {
        let (_folder, file) = value_file(content);
        let settings = settings("product.name = 'X'", &[("ASTEROID_PRODUCT__NAME_FILE", &file)]);
        assert_eq!(settings.product.name, name);
    }
    let (_folder, file) = value_file("smtps://u:canary@example.com?from=a@example.com\n");
    let configuration = read("", &[("ASTEROID_EMAIL__URL_FILE", &file)]);
    let printed = configuration.to_toml().expect("TOML");
    let line = "url = \"smtps://u:***@example.com:465?from=a%40example.com\"  # ASTEROID_EMAIL__URL_FILE\n";
    assert!(printed.contains(line), "{printed}");
}

#[test]
fn database_url_file_is_read_like_database_url() {
    let (_folder, file) = value_file("sqlite://from-file.db\n");
    let url = |environment: &[(&str, &str)]| {
        settings("database.url = 'sqlite://a.db'", environment).database.url.to_string()
    };
    assert_eq!(url(&[("DATABASE_URL_FILE", &file)]), "sqlite://from-file.db");
    assert_eq!(url(&[("DATABASE_URL_FILE", &file), ("DATABASE_URL", "")]), "sqlite://from-file.db");
    assert_eq!(url(&[("DATABASE_URL_FILE", ""), ("DATABASE_URL", "sqlite://b.db")]), "sqlite://b.db");
    let both = [("DATABASE_URL_FILE", file.as_str()), ("ASTEROID_DATABASE__URL", "sqlite://c.db")];
    assert_eq!(url(&both), "sqlite://c.db");
}

#[test]
fn setting_that_ends_in_file_is_no_value_file() {
    assert_eq!(settings("", &[("ASTEROID_KEYS__FILE", "keys.json")]).keys.file, "keys.json");
    let (_folder, file) = value_file("other.json\n");
    assert_eq!(settings("", &[("ASTEROID_KEYS__FILE_FILE", &file)]).keys.file, "other.json");
}

#[test]
fn variable_and_its_file_exclude_each_other() {
    let (_folder, file) = value_file("file:a");
    let right = "set one of them: the value itself, or the file that holds it";
    for (key, direct, in_file) in [
        ("sms.url", "ASTEROID_SMS__URL", "ASTEROID_SMS__URL_FILE"),
        ("database.url", "DATABASE_URL", "DATABASE_URL_FILE"),
        ("database.url", "ASTEROID_DATABASE__URL", "ASTEROID_DATABASE__URL_FILE"),
    ] {
        assert_eq!(
            problems("", &[(direct, "sqlite://a.db"), (in_file, &file)])[0],
            format!("{key} ({in_file}) is set, and so is {direct}: {right}")
        );
    }
}

#[test]
fn unusable_value_file_is_refused_without_showing_it() {
    let (folder, long) = value_file(vec![b'c'; 64 * 1024 + 1]);
    let (_binary, binary) = value_file([b'c', 0xff]);
    let (_whole, fits) = value_file(vec![b'c'; 64 * 1024]);
    let readable = "set the path of a file that the server may read, or set the value itself without _FILE";
    for (file, problem) in [
        (
            "missing-canary",
            format!("names a file that cannot be read (No such file or directory (os error 2)): {readable}"),
        ),
        (
            folder.path().to_str().expect("UTF-8"),
            format!("names a file that cannot be read (Is a directory (os error 21)): {readable}"),
        ),
        ("", "names no file: set the path of the file that holds the value".to_owned()),
        (
            &long,
            "names a file of more than 64 KiB: name the file that holds the value of this setting alone"
                .to_owned(),
        ),
        (&binary, "names a file that is not UTF-8 text: write the value in UTF-8".to_owned()),
        (&fits, "is not valid: must be a name of 1 to 50 characters on one line".to_owned()),
    ] {
        assert_eq!(
            problems("", &[("ASTEROID_PRODUCT__NAME_FILE", file)]),
            [format!("product.name (ASTEROID_PRODUCT__NAME_FILE) {problem}")]
        );
    }
    let (_folder, file) = value_file("canary");
    for (variable, key) in [
        ("ASTEROID_SESSIONS__PER_USER_FILE", "sessions.per_user"),
        ("ASTEROID_CODES__LIFE_FILE", "codes.life"),
        ("ASTEROID_HTTP__CORS_ORIGINS_FILE", "http.cors_origins"),
        ("ASTEROID_EMAIL__URL_FILE", "email.url"),
        ("DATABASE_URL_FILE", "database.url"),
    ] {
        let problems = problems("", &[(variable, &file)]);
        assert!(problems[0].starts_with(&format!("{key} ({variable}) is not valid: ")), "{problems:?}");
        assert!(!problems[0].contains("canary"), "{problems:?}");
    }
    assert_eq!(
        problems("", &[("asteroid_email__url_file", &file)]),
        ["email.url_file (asteroid_email__url_file) is not read: write ASTEROID_EMAIL__URL_FILE in capitals"]
    );
}
