# What is done to this repository, by name. `just` alone lists it.

_list:
    @just --list --unsorted

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

# Everything that has to hold before a change lands.
ci: lint doc domain test
