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

# Writes the API descriptions to the copies that are committed.
openapi:
    cargo run --quiet -- openapi > docs/api/openapi.json
    cargo run --quiet -- openapi --admin > docs/api/admin-openapi.json

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

# Fuzzes every parser of foreign input for so many seconds each (installs cargo-fuzz where it is missing).
fuzz seconds="11": (_tool "cargo-fuzz")
    #!/usr/bin/env bash
    set -euo pipefail
    # cargo-fuzz needs flags of the compiler that are not stable. Without a sanitizer: no crate here has unsafe code.
    export RUSTC_BOOTSTRAP=1
    for target in $(cargo fuzz list); do
        cargo fuzz run --sanitizer none "$target" -- -max_total_time={{ seconds }} -timeout=10 -print_final_stats=1 2>&1 |
            tee "fuzz/target/$target.log" | grep -E 'number_of_executed_units|SUMMARY|panicked|ERROR' |
            sed "s/^/$target: /"
    done

# Writes the bill of materials of the server, in CycloneDX 1.5 (installs cargo-cyclonedx where it is missing).
sbom: (_tool "cargo-cyclonedx")
    cargo cyclonedx --format json --spec-version 1.5 --manifest-path crates/server/Cargo.toml --override-filename asteroid.cdx

# Everything that has to hold before a change lands.
ci: deny lint doc domain test openapi-check console-check

# Uses the console in headless Chromium, where it and npm are installed.
console-check:
    tests/console/check.sh

# Installs Prometheus where it is missing, from the packages of Debian.
_prometheus:
    command -v promtool prometheus > /dev/null || apt-get install --yes prometheus

# What takes longer, before a release: a short fuzzing of every parser, the crash tests in full, and a real Prometheus.
ci-full: ci fuzz _prometheus
    cargo test -p asteroid --test binary --test whole_server --test whole_server_postgres --test faults -- --ignored --nocapture

# Checks the files of the packages with the tools of their systems.
packages-check:
    packaging/check.sh

# Builds the Debian package (installs cargo-deb where it is missing).
deb: (_tool "cargo-deb")
    cargo build --locked --release --package asteroid
    mkdir -p target/package
    target/release/asteroid man > target/package/asteroid.1
    target/release/asteroid completions bash > target/package/asteroid.bash
    target/release/asteroid completions zsh > target/package/_asteroid
    target/release/asteroid completions fish > target/package/asteroid.fish
    cargo deb --no-build --package asteroid
