#!/usr/bin/env bash
# Checks the API's description with public tools: Redocly's linter, and the client that openapi-python-client makes of
# it, which then does the whole journey against a server. What a tool is missing for is skipped with one line.
set -euo pipefail
cd "$(dirname "$0")/../.."

redocly=2.77.0
python_client=0.29.1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# As the tests build it: another build would compile the dependencies once more.
cargo test --quiet --no-run
asteroid=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/asteroid
"$asteroid" openapi >"$work/openapi.json"

if command -v npx >/dev/null; then
    echo "The description against Redocly's linter $redocly:"
    REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
        npx --yes "@redocly/cli@$redocly" lint --format=stylish "$work/openapi.json"
else
    echo 'skipped: npx is not installed, so the description is not linted'
fi

if python3 -m venv "$work/python" >/dev/null 2>&1 && "$work/python/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "The client that openapi-python-client $python_client makes of it:"
    "$work/python/bin/python" -m pip install --quiet --disable-pip-version-check "openapi-python-client==$python_client"
    # It formats what it writes with ruff, which it looks for in the path.
    PATH="$work/python/bin:$PATH" openapi-python-client generate --fail-on-warning \
        --path "$work/openapi.json" --meta none --output-path "$work/asteroid_client"
    PYTHONPATH="$work" "$work/python/bin/python" tests/openapi/journey.py "$asteroid" "$work"
else
    echo 'skipped: python3 with venv and pip is not installed, so no client is generated'
fi
