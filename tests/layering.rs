//! The allowed dependencies between the crates, checked with `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

const DOMAIN: [&str; 7] = [
    "asteroid-audit",
    "asteroid-clients",
    "asteroid-identity",
    "asteroid-limits",
    "asteroid-messaging",
    "asteroid-terms",
    "asteroid-verification",
];
const ADAPTERS: [&str; 5] =
    ["asteroid-argon2", "asteroid-delivery", "asteroid-diesel", "asteroid-jwt", "asteroid-memory"];

/// The crates that only the server depends on.
const BESIDE_THE_SERVER: [&str; 4] =
    ["asteroid-http", "asteroid-import", "asteroid-keyring", "asteroid-runtime"];

/// The packages of the workspace that a package may depend on.
fn allowed(package: &str) -> BTreeSet<&'static str> {
    let kernel = ["asteroid-kernel"].as_slice();
    let layers: &[&[&str]] = match package {
        "asteroid-kernel" => &[],
        name if DOMAIN.contains(&name) => &[kernel],
        name if ADAPTERS.contains(&name) => &[kernel, &DOMAIN],
        "asteroid-application" | "asteroid-conformance" => &[kernel, &DOMAIN],
        "asteroid-keyring" => &[kernel, &["asteroid-verification"]],
        "asteroid-http" | "asteroid-import" | "asteroid-runtime" => {
            &[kernel, &DOMAIN, &["asteroid-application"]]
        }
        "asteroid" => &[kernel, &DOMAIN, &["asteroid-application"], &BESIDE_THE_SERVER, &ADAPTERS],
        name => panic!("{name} is not in this table: add it with what it may depend on"),
    };
    layers.iter().flat_map(|layer| layer.iter().copied()).collect()
}

/// The additional packages that its tests may depend on.
fn allowed_in_tests(package: &str) -> BTreeSet<&'static str> {
    let mut names = allowed(package);
    match package {
        "asteroid-diesel" => names.extend(["asteroid-conformance", "asteroid-diesel"]),
        name if ADAPTERS.contains(&name) => names.extend(["asteroid-conformance"]),
        "asteroid-application" => names.extend(["asteroid-application", "asteroid-memory"]),
        "asteroid-import" | "asteroid-runtime" => names.extend(["asteroid-memory"]),
        _ => {}
    }
    names
}

/// Libraries that only some packages may name.
fn may_name(package: &str, library: &str) -> bool {
    match library {
        "deadpool"
        | "diesel"
        | "diesel-async"
        | "diesel_migrations"
        | "libsqlite3-sys"
        | "tokio-postgres"
        | "tokio-postgres-rustls" => package == "asteroid-diesel",
        "argon2" | "bcrypt" => package == "asteroid-argon2",
        "clap"
        | "clap_complete"
        | "clap_mangen"
        | "comfy-table"
        | "indicatif"
        | "metrics-exporter-prometheus"
        | "metrics-process" => package == "asteroid",
        "metrics" => {
            let records =
                ["asteroid-argon2", "asteroid-diesel", "asteroid-http", "asteroid-runtime", "asteroid"];
            records.contains(&package)
        }
        library if library.starts_with("actix") => ["asteroid-http", "asteroid"].contains(&package),
        _ => true,
    }
}

fn workspace() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).exec().expect("cargo metadata runs")
}

#[test]
fn packages_depend_only_on_allowed_packages() {
    let metadata = workspace();
    let ours: BTreeSet<&str> = metadata.workspace_packages().iter().map(|p| p.name.as_str()).collect();
    let mut forbidden = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        for dependency in &package.dependencies {
            let allowed = if dependency.kind == DependencyKind::Development {
                allowed_in_tests(name)
            } else {
                allowed(name)
            };
            let wanted = dependency.name.as_str();
            if ours.contains(wanted) && !allowed.contains(wanted) {
                forbidden.push(format!("{name} → {wanted} ({})", dependency.kind));
            }
            if !may_name(name, wanted) {
                forbidden.push(format!("{name} names {wanted}"));
            }
        }
    }
    assert!(forbidden.is_empty(), "{forbidden:#?}");
}

#[test]
fn domain_and_application_reach_no_runtime_database_or_web_framework() {
    let metadata = workspace();
    let names: BTreeMap<&PackageId, &str> =
        metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    let edges: BTreeMap<&PackageId, Vec<&PackageId>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let normal = node
                .deps
                .iter()
                .filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
            (&node.id, normal.map(|dep| &dep.pkg).collect())
        })
        .collect();
    let inside = DOMAIN.into_iter().chain(["asteroid-kernel", "asteroid-application"]);
    for start in inside {
        let root = metadata.workspace_packages().into_iter().find(|p| p.name.as_str() == start);
        let mut waiting = vec![&root.expect("a package of the workspace").id];
        let mut reached = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if reached.insert(id) {
                waiting.extend(&edges[id]);
            }
        }
        let outside: Vec<&str> = reached
            .iter()
            .map(|id| names[id])
            .filter(|name| {
                name.starts_with("tokio") || name.starts_with("actix") || name.starts_with("diesel")
            })
            .collect();
        assert_eq!(outside, [""; 0], "{start} reaches these");
    }
}

#[test]
fn workspace_has_exactly_one_binary() {
    let metadata = workspace();
    let binaries: Vec<String> = metadata
        .workspace_packages()
        .iter()
        .flat_map(|package| package.targets.iter().filter(|target| target.is_bin()))
        .map(|target| target.name.clone())
        .collect();
    assert_eq!(binaries, ["asteroid"]);
}

/// Every link of `docs/ARCHITECTURE.md` to a line leads to what it names; a link without a line leads to a file. A line may
/// be off by some, so that not every change of a file has to change the page.
#[test]
fn the_links_of_the_architecture_page_lead_to_what_they_name() {
    const TOLERANCE: usize = 30;
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/");
    let page = std::fs::read_to_string(format!("{docs}ARCHITECTURE.md")).expect("the page is there");
    let mut lines = 0;
    for (before, after) in page.match_indices("](").map(|(at, _)| (&page[..at], &page[at + 2..])) {
        let target = after.split(')').next().unwrap_or_default();
        let (path, line) = target.split_once("#L").unwrap_or((target, ""));
        let text = std::fs::read_to_string(format!("{docs}{path}"));
        let Ok(line) = line.parse::<usize>() else {
            assert!(text.is_ok(), "{target} is not a file");
            continue;
        };
        lines += 1;
        let text = text.unwrap_or_else(|error| panic!("{target}: {error}"));
        let name = before.rsplit("[`").next().unwrap_or_default().trim_end_matches('`');
        let mut found =
            (1_usize..).zip(text.lines()).filter(|(_, text)| text.contains(name)).map(|(at, _)| at);
        let now: Option<usize> = found.find(|at| at.abs_diff(line) <= TOLERANCE);
        assert!(now.is_some(), "`{name}` is not near that line of {target}");
    }
    assert!(lines > 10, "only {lines} links lead to lines");
}

/// The texts between backticks of a page that consist of these characters.
fn quoted<'p>(page: &'p str, of: impl Fn(char) -> bool + 'p) -> impl Iterator<Item = &'p str> {
    page.split('`').skip(1).step_by(2).filter(move |text| text.chars().all(&of))
}

/// The text of every source file below a folder.
fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("a source file"));
        }
    }
}

/// `docs/security.md` names tests and settings: each exists.
#[test]
fn the_tests_and_settings_of_the_security_page_exist() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("the file is there");
    let page = read("docs/security.md");
    let mut text = String::new();
    for folder in ["crates", "tests"] {
        sources(&root.join(folder), &mut text);
    }
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let tests: BTreeSet<&str> = quoted(&page, is_name).filter(|name| name.matches('_').count() > 2).collect();
    assert!(tests.len() > 100, "only {} tests are named", tests.len());
    let missing = tests.iter().filter(|name| !text.contains(&format!("fn {name}(")));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&&str>::new(), "tests that do not exist");

    let settings: toml::Table = toml::from_str(&read("config/asteroid.toml")).expect("valid TOML");
    let exists = |path: &str| {
        let (first, rest) = path.split_once('.').expect("a section");
        let value = rest.split('.').try_fold(settings.get(first)?, |value, name| value.get(name));
        Some(value.is_some())
    };
    let paths: BTreeSet<&str> = quoted(&page, |c| is_name(c) || c == '.')
        .filter(|path| path.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && rest != "toml"))
        .collect();
    let missing = paths.iter().filter(|path| exists(path) == Some(false));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&&str>::new(), "settings that do not exist");
    assert!(paths.len() > 30, "only {} settings are named", paths.len());
}
