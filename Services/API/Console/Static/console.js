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

  // An editor gets line numbers, a mark on the line of an error, and a tab key that puts in spaces.
  for (const editor of document.querySelectorAll("[data-editor]")) {
    const area = editor.querySelector("textarea");
    const gutter = editor.querySelector(".gutter");
    const mark = editor.querySelector(".line-mark");
    const marked = Number(editor.dataset.line || 0);
    let count = 0;

    const place = () => {
      gutter.scrollTop = area.scrollTop;
      if (!marked) return;
      const style = getComputedStyle(area);
      const height = parseFloat(style.lineHeight);
      mark.style.top = `${parseFloat(style.paddingTop) + (marked - 1) * height - area.scrollTop}px`;
    };
    const number = () => {
      const lines = area.value.split("\n").length;
      if (lines !== count) {
        count = lines;
        gutter.replaceChildren(...Array.from({ length: lines }, (_, index) => {
          const line = document.createElement("div");
          line.textContent = String(index + 1);
          if (index + 1 === marked) line.className = "culprit";
          return line;
        }));
      }
      gutter.style.height = `${area.offsetHeight}px`;
      place();
    };
    area.addEventListener("input", number);
    area.addEventListener("scroll", place);
    new ResizeObserver(number).observe(area);
    let leaves = false;
    area.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { leaves = true; return; }
      if (event.key === "Tab" && !event.shiftKey && !leaves && !area.readOnly) {
        event.preventDefault();
        area.setRangeText("    ", area.selectionStart, area.selectionEnd, "end");
        number();
      }
      leaves = false;
    });
    number();
    if (marked) {
      mark.hidden = false;
      const height = parseFloat(getComputedStyle(area).lineHeight);
      area.scrollTop = Math.max(0, (marked - 8) * height);
      place();
    }
  }

  // The result of what was tried is what somebody wants to see next.
  const result = document.getElementById("result");
  if (result) result.scrollIntoView({ block: "nearest" });
})();
