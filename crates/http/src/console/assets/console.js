"use strict";

// Searches as the operator types. Without this script, the form's button does it.
const WAIT = 200;

for (const form of document.querySelectorAll("form[data-live]")) {
  const results = document.getElementById(form.dataset.live);
  const news = document.getElementById("news");
  let timer = null;
  let latest = 0;

  async function search() {
    const query = new URLSearchParams(new FormData(form));
    const turn = ++latest;
    const response = await fetch(`${form.getAttribute("action")}/results?${query}`, { cache: "no-store" }).catch(() => null);
    // A slower answer to an earlier text must not replace a newer one.
    if (turn !== latest) return;
    if (!response || !response.ok || response.redirected) {
      form.submit();
      return;
    }
    results.innerHTML = await response.text();
    history.replaceState(null, "", `${form.getAttribute("action")}?${query}`);
    const rows = results.querySelectorAll("tbody tr").length;
    news.textContent = rows === 0 ? "No result" : `${rows} results`;
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, WAIT);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    search();
  });
}
