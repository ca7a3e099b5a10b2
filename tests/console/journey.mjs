// An operator's day in the console. Every step that does not go as it should ends it with an error.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [first, api] = process.argv.slice(2);
const console_ = new URL(first).origin;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const password = "a fine long password";
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

async function visitor(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: false, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const problems = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  return { context, page, problems };
}

async function signIn(page, to = "/admin/") {
  await page.goto(console_ + to);
  await page.getByLabel("E-mail address or phone number").fill("rosa@example.com");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

// No rule of accessibility is broken, and nothing is wider than the window.
async function look(page, name) {
  const violations = await page.evaluate(`${axe}; axe.run().then((found) => found.violations.map((one) => one.id))`);
  assert.deepEqual(violations, [], `${name} breaks rules of accessibility`);
  const { scrollWidth, innerWidth } = await page.evaluate(() => ({ scrollWidth: document.documentElement.scrollWidth, innerWidth }));
  assert.ok(scrollWidth <= innerWidth, `${name} is wider than its window`);
  await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });
}

const { page, problems } = await visitor();

// The link makes the first administrator, once.
await page.goto(first);
await look(page, "first");
await page.getByLabel("First name").fill("Rosa");
await page.getByLabel("E-mail address or phone number").fill("rosa@example.com");
await page.getByLabel("Password").fill(password);
await page.getByRole("button", { name: "Make the administrator" }).click();
await page.getByText("The administrator is made").waitFor();
assert.equal((await page.context().request.get(first)).status(), 404);

// A user among 10,000 is found while the name is typed.
await signIn(page, "/admin/users");
await page.getByLabel("Search").pressSequentially("person4711 f");
await page.getByRole("link", { name: "Person4711 Family55" }).waitFor();
assert.equal(await page.locator("tbody tr").count(), 1);
await page.getByRole("link", { name: "Person4711 Family55" }).click();

// Disabled, which the audit trail says.
await page.getByRole("button", { name: "Disable" }).click();
await page.getByText("The user is disabled").waitFor();
await page.getByRole("link", { name: "All events of this user" }).click();
await page.getByRole("row").filter({ hasText: "disable user" }).filter({ hasText: "user " }).waitFor();
const csv = await (await page.context().request.get(new URL(await page.getByRole("link", { name: "CSV" }).getAttribute("href"), console_).href)).text();
assert.match(csv, /"disable_user"/);
await page.goBack();
await page.getByRole("button", { name: "Enable" }).click();
await page.getByText("The user is enabled").waitFor();
await page.getByRole("button", { name: "Unlock" }).click();
await page.getByText("failed attempts of the user are forgotten").waitFor();

// An edit of a page that is no longer how the user is, is refused.
const other = await page.context().newPage();
await other.goto(page.url().split("?")[0]);
for (const [tab, name] of [[page, "Paula"], [other, "Pia"]]) {
  await tab.getByText("Change the name").click();
  await tab.getByLabel("First name").fill(name);
  await tab.getByRole("button", { name: "Save" }).click();
}
await page.getByText("The name is changed").waitFor();
await other.getByText("The user was changed meanwhile").waitFor();
await other.close();

// A message that failed is retried.
const registered = await fetch(`${api}/v1/auth/register`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    first_name: "Uma", last_name: "User", phone: "555-665-4345", type: "personal", password, password_confirmation: password,
  }),
});
assert.equal(registered.status, 200);
const retry = page.getByRole("button", { name: /^Retry the message/ });
await page.goto(`${console_}/admin/outbox?state=failed`);
for (let tries = 0; (await retry.count()) === 0; tries++) {
  assert.ok(tries < 200, "the message failed");
  await new Promise((resolve) => setTimeout(resolve, 100));
  await page.reload();
}
await look(page, "outbox-failed");
await retry.click();
await page.getByText("The message waits again").waitFor();

// Terms are published after a preview.
await page.getByRole("link", { name: "Terms" }).click();
await page.getByLabel("Name of the version").fill("2026-11");
await page.getByLabel("Text").fill("Be kind.\n\nTwice.");
await page.getByRole("button", { name: "Preview" }).click();
await page.getByText("Publish version 2026-11?").waitFor();
await look(page, "terms-preview");
await page.getByLabel(/Type the name of the version/).fill("2026-11");
await page.getByRole("button", { name: "Publish" }).click();
await page.getByText("The version is in force").waitFor();
assert.deepEqual(problems, []);

// Another site can neither send a form nor show the console in a frame. It may not even learn that someone is signed in.
const evil = await page.context().newPage();
const target = `${console_}/admin/users/5711/disable`;
await evil.route("http://evil.example/**", (route) =>
  route.fulfill({
    contentType: "text/html",
    body: `<form method="post" action="${target}"><button>Win</button></form><iframe src="${console_}/admin/users"></iframe>`,
  }),
);
await evil.goto("http://evil.example/");
const framed = evil.frames()[1];
assert.ok(!framed || !(await framed.content().catch(() => "")).includes("Sign out"), "the console is framed");
await Promise.all([evil.waitForURL(/sign-in|disable/), evil.getByRole("button", { name: "Win" }).click()]);
await evil.close();
await page.goto(`${console_}/admin/users/5711`);
assert.equal(await page.getByText("disabled", { exact: true }).count(), 0, "a foreign form disabled a user");

// Every page, in both colour schemes and two widths, and by the keyboard.
for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    const { page, problems } = await visitor({ colorScheme, viewport: { width, height: 900 } });
    await page.goto(`${console_}/admin/sign-in`);
    await look(page, `sign-in-${colorScheme}-${width}`);
    await signIn(page);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
    for (const path of ["", "users", "users/new", "users/5711", "audit", "outbox", "practices", "terms", "settings"]) {
      await page.goto(`${console_}/admin/${path}`);
      await look(page, `${path.replace("/", "-") || "overview"}-${colorScheme}-${width}`);
    }
    assert.deepEqual(problems, []);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await page.goto(`${console_}/admin/users`);
    assert.match(page.url(), /sign-in/);
  }
}
await browser.close();
console.log("The console does what an operator asks of it, and nothing else.");
