#!/usr/bin/env bash
# Uses the console as an operator does, in headless Chromium: signs in, finds a user among 10,000, disables, unlocks, retries a
# message, publishes terms, and tries to be tricked. Each page is checked for accessibility (axe-core) in both colour schemes and
# two widths. Without npm or Chromium it is skipped with one line. Screenshots are left in target/console.
set -euo pipefail
cd "$(dirname "$0")/../.."

playwright=1.65.1
axe=4.14.1

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$chromium" ] || ! command -v npm >/dev/null; then
    echo 'skipped: Chromium or npm is not installed, so the console is not tried in a browser'
    exit 0
fi

work=$(mktemp -d)
running=()
finish() {
    [ ${#running[@]} -eq 0 ] || kill "${running[@]}" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
# The build of the tests: another one would compile the dependencies again.
cargo test --quiet --no-run
asteroid=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/asteroid
shots=$PWD/target/console
mkdir -p "$shots"
journey=$PWD/tests/console/journey.mjs

cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund "playwright-core@$playwright" "axe-core@$axe"
cp "$journey" .

# A provider of SMS that refuses everything, so that a message fails.
node -e '
  const server = require("http").createServer((request, response) => { response.statusCode = 400; response.end(); });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
' >provider &
running+=($!)
until [ -s provider ]; do sleep 0.1; done
secret=whsec_$(node -e 'console.log(encodeURIComponent(require("crypto").randomBytes(24).toString("base64")))')
# Any free ports: the banner says which ones.
export ASTEROID_HTTP__BIND=127.0.0.1:0 ASTEROID_ADMIN__BIND=127.0.0.1:0 ASTEROID_EMAIL__URL=file:mail.jsonl
export ASTEROID_SMS__URL="webhook+http://127.0.0.1:$(cat provider)/?secret=$secret" ASTEROID_LIMITS__ENABLED=false
node -e '
  const users = Array.from({ length: 10000 }, (_, i) => ({ id: 1000 + i, name: `Person${i} Family${i % 97}`, email: `p${i}@example.com` }));
  console.log(JSON.stringify({ users }));
' >users.json
"$asteroid" migrate >/dev/null
"$asteroid" import users.json >/dev/null
"$asteroid" serve >banner 2>log &
running+=($!)
for _ in $(seq 100); do
    grep -q '/admin/first' banner && break
    sleep 0.1
done
CHROMIUM=$chromium SHOTS=$shots node journey.mjs "$(grep -o 'http://[^ ]*/admin/first?token=[0-9a-f]*' banner)" \
    "$(grep -o 'listens on http://[^ ]*' banner | sed 's/.* //')"
