// Runs in the head, before anything is painted, so that a remembered colour choice never flashes.
(() => {
  "use strict";
  let choice = null;
  try {
    choice = localStorage.getItem("dd-theme");
  } catch {
    // Storage may be forbidden; the page then follows the system.
  }
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
})();
