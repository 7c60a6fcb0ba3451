"use strict";
// Hides fields that do not matter with what is chosen. Without it all of them are there.
(() => {
  for (const form of document.querySelectorAll("form")) {
    const fields = Array.from(form.querySelectorAll("[data-when]"));
    if (!fields.length) continue;
    const show = () => {
      for (const field of fields) {
        const [name, values] = field.dataset.when.split("=");
        const other = form.elements[name];
        field.hidden = other ? !values.split("|").includes(other.value) : false;
      }
    };
    form.addEventListener("change", show);
    show();
  }
  // The first mistake is what somebody wants to see next.
  const mistake = document.querySelector("[aria-invalid]");
  if (mistake) mistake.focus();
})();
