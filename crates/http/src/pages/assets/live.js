"use strict";

const EVERY = 1000;
const list = document.getElementById("messages");
const news = document.getElementById("news");
const trouble = document.getElementById("trouble");
let version = null;
let timer = null;

// The HTML of each message in the last answer.
const known = new Map();
for (const child of list.children) known.set(child.id, child.outerHTML);

function update(html) {
  const received = [...new DOMParser().parseFromString(html, "text/html").body.children];
  const ids = new Set(received.map((child) => child.id));
  for (const child of [...list.children]) {
    if (!ids.has(child.id)) child.remove();
  }
  let added = 0;
  received.forEach((child, place) => {
    const before = document.getElementById(child.id);
    if (!before) {
      list.insertBefore(document.adoptNode(child), list.children[place] ?? null);
      if (child.localName === "article") added += 1;
    } else if (known.get(child.id) !== child.outerHTML) {
      before.replaceWith(document.adoptNode(child));
    }
    known.set(child.id, child.outerHTML);
  });
  if (added > 0) news.textContent = added === 1 ? "A new message" : `${added} new messages`;
}

async function look() {
  clearTimeout(timer);
  try {
    const headers = version ? { "If-None-Match": version } : {};
    const response = await fetch(`/dev/outbox/messages${location.search}`, { cache: "no-store", headers });
    if (response.status === 200) {
      version = response.headers.get("ETag");
      update(await response.text());
    }
    trouble.hidden = response.ok || response.status === 304;
  } catch {
    trouble.hidden = false;
  }
  // A hidden page does not poll.
  if (!document.hidden) timer = setTimeout(look, EVERY);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) look();
});
look();
