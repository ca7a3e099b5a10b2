# What is done to this repository, by name. `just` alone lists it.

_list:
    @just --list --unsorted

# Installs a tool of cargo where it is missing.
_tool name:
    @command -v {{ name }} >/dev/null || cargo install --locked {{ name }}

# Runs the server in development.
run *arguments:
    cargo run -- {{ arguments }}

# Runs all tests.
test *arguments:
    cargo test {{ arguments }}

# Formats the code.
fmt:
    cargo fmt --all

# Checks the formatting, and the code with warnings denied.
lint:
    cargo fmt --all -- --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Builds the documentation with warnings denied.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

# Builds every crate of the inside alone, as a team that embeds it does.
domain:
    #!/usr/bin/env bash
    set -euo pipefail
    for crate in kernel identity verification terms clients messaging limits audit application; do
        cargo check --package "asteroid-$crate" --no-default-features
    done

# Writes the API description to the copy that is committed.
openapi:
    cargo run --quiet -- openapi > docs/api/openapi.json

# Makes the folders of the next migration, for both databases: `just new-migration add_session_labels`.
new-migration name:
    #!/usr/bin/env bash
    set -euo pipefail
    [[ '{{ name }}' =~ ^[a-z][a-z0-9_]*$ ]] || { echo 'a name is of lower-case letters, digits and _' >&2; exit 2; }
    last=$(ls -d migrations/sqlite/[0-9]* | sed 's|.*/||; s|_.*||' | sort -n | tail -n 1)
    step=$(printf '%04d_%s' "$((10#$last + 1))" '{{ name }}')
    for database in sqlite postgres; do
        mkdir "migrations/$database/$step"
        touch "migrations/$database/$step/up.sql"
        echo "migrations/$database/$step/up.sql"
    done

# Measures the test coverage of the workspace (installs cargo-llvm-cov where it is missing).
coverage *arguments: (_tool "cargo-llvm-cov")
    cargo llvm-cov --workspace --all-features {{ arguments }}

# Checks that the domain crates catch every mutant with their own tests (installs cargo-mutants where it is missing).
mutants *arguments: (_tool "cargo-mutants")
    cargo mutants \
        --package asteroid-limits --package asteroid-verification --package asteroid-identity --package asteroid-terms \
        --package asteroid-clients --package asteroid-messaging --package asteroid-audit {{ arguments }}

# Runs the benchmarks: all of them, or those of one package with `-p asteroid-diesel`.
bench *arguments:
    cargo bench {{ arguments }}

# Accepts the changed snapshots of the tests; look at the difference with `git diff` before you commit it.
snapshots *arguments:
    INSTA_UPDATE=always cargo test {{ arguments }}

# Checks the API description with public linters and generators, where npm and pip are installed.
openapi-check:
    tests/openapi/check.sh

# Checks the dependencies' licences, bans, versions and sources (`deny.toml`; installs cargo-deny where it is missing).
deny: (_tool "cargo-deny")
    cargo deny check --deny unmatched-skip --deny unnecessary-skip bans licenses sources

# Checks the dependencies for published vulnerabilities; needs the network, and changes with it.
advisories: (_tool "cargo-deny")
    cargo deny check advisories

# Everything that has to hold before a change lands.
ci: deny lint doc domain test openapi-check
