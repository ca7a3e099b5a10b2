"use strict";

// Show the buttons only where this script runs.
document.documentElement.classList.add("scripted");

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  let told = "Copied";
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    // The browser refuses: select the text, so that a key press is all it takes.
    getSelection().selectAllChildren(source);
    told = "Selected";
  }
  button.textContent = told;
  document.getElementById("news").textContent = told;
  setTimeout(() => (button.textContent = "Copy"), 2000);
});
