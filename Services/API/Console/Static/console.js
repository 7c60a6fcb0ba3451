"use strict";
// Keeps pages up to date. Without it they work, and have to be reloaded.
(() => {
  // Puts the parts of a page that are marked as live in the place of those that are shown.
  function refresh(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const part of fresh.querySelectorAll("[data-live]")) {
      const shown = document.getElementById(part.id);
      if (!shown || shown.innerHTML === part.innerHTML) continue;
      const open = Array.from(shown.querySelectorAll("details[open][id]"), (details) => details.id);
      shown.replaceChildren(...part.childNodes);
      for (const id of open) {
        const details = document.getElementById(id);
        if (details) details.open = true;
      }
    }
  }

  // Lists are asked for again while somebody looks at them.
  for (const part of document.querySelectorAll("[data-poll]")) {
    const seconds = Number(part.dataset.poll);
    setInterval(async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(location.href, { credentials: "same-origin" });
        if (answer.ok && !answer.redirected) refresh(await answer.text());
      } catch {
        // The server is away for a moment: the next round shows it again.
      }
    }, seconds * 1000);
  }

  // One alert is followed by Server-Sent Events.
  const alertPage = document.querySelector("[data-events]");
  if (alertPage) {
    const state = document.getElementById("live-state");
    const events = new EventSource(alertPage.dataset.events);
    events.onopen = () => { state.hidden = false; };
    events.onerror = () => { state.hidden = true; };
    events.addEventListener("alert", (event) => refresh(event.data));
  }
})();
