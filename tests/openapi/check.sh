#!/usr/bin/env bash
# Checks the OpenAPI descriptions with public tools: Redocly's linter, and clients that openapi-python-client generates
# from them. The one of the public API runs through the whole of it. A check whose tool is missing is skipped with one line.
set -euo pipefail
cd "$(dirname "$0")/../.."

redocly=2.77.0
python_client=0.29.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The build of the tests: another one would compile the dependencies again.
cargo test --quiet --no-run
asteroid=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/asteroid
"$asteroid" openapi >"$work/openapi.json"
"$asteroid" openapi --admin >"$work/admin-openapi.json"

if command -v npx >/dev/null; then
    echo "Redocly's linter $redocly:"
    REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
        npx --yes "@redocly/cli@$redocly" lint --format=stylish "$work/openapi.json" "$work/admin-openapi.json"
else
    echo 'skipped: npx is not installed, so the description is not linted'
fi

if python3 -m venv "$work/python" >/dev/null 2>&1 && "$work/python/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "The client that openapi-python-client $python_client generates:"
    "$work/python/bin/python" -m pip install --quiet --disable-pip-version-check "openapi-python-client==$python_client"
    # It formats the client with ruff, which must be in the path.
    PATH="$work/python/bin:$PATH" openapi-python-client generate --fail-on-warning \
        --path "$work/openapi.json" --meta none --output-path "$work/asteroid_client"
    PATH="$work/python/bin:$PATH" openapi-python-client generate --fail-on-warning \
        --path "$work/admin-openapi.json" --meta none --output-path "$work/asteroid_admin_client"
    PYTHONPATH="$work" "$work/python/bin/python" tests/openapi/journey.py "$asteroid" "$work"
else
    echo 'skipped: python3 with venv and pip is not installed, so no client is generated'
fi
