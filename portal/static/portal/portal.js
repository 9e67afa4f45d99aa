// What the pages do beyond plain HTML. Everything here is a comfort: each page works without it.
(() => {
  "use strict";

  // What only a script can do is shown only where there is one.
  document.documentElement.dataset.scripted = "";

  // Colours: as the system, light or dark; remembered on this device.
  const themeOf = () => document.documentElement.dataset.theme || "auto";
  const showTheme = () => {
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === themeOf()));
    }
  };
  const setTheme = (choice) => {
    if (choice === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    try {
      if (choice === "auto") localStorage.removeItem("dd-theme");
      else localStorage.setItem("dd-theme", choice);
    } catch {
      // Not remembered, but shown.
    }
    showTheme();
  };
  for (const group of document.querySelectorAll("[data-theme-switch]")) group.hidden = false;
  showTheme();

  // Copying: a button with data-copy-target="#id" copies that element's text, one with data-copy the code beside it.
  const say = document.createElement("div");
  say.className = "visually-hidden";
  say.setAttribute("role", "status");
  document.body.append(say);
  const copy = async (button) => {
    const source = button.dataset.copyTarget
      ? document.querySelector(button.dataset.copyTarget)
      : button.parentElement.querySelector("code");
    if (!source) return;
    const text = "value" in source ? source.value : source.textContent.trim();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a secure origin there is no clipboard: select the text, so that one key copies it.
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      say.textContent = "Selected. Press Ctrl+C to copy.";
      return;
    }
    say.textContent = "Copied.";
    button.dataset.copied = "";
    setTimeout(() => {
      delete button.dataset.copied;
      say.textContent = "";
    }, 2000);
  };

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-theme-choice], [data-copy-target], [data-copy], [data-dismiss], [data-print]");
    if (!target) return;
    if (target.dataset.themeChoice) setTheme(target.dataset.themeChoice);
    if (target.dataset.copyTarget || "copy" in target.dataset) copy(target);
    if ("print" in target.dataset) window.print();
    if ("dismiss" in target.dataset) {
      event.preventDefault();
      target.closest(".dd-message").remove();
      document.getElementById("main")?.focus({ preventScroll: true });
    }
  });

  // Ctrl+Enter or Cmd+Enter sends the form one is writing in.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    const form = event.target instanceof HTMLTextAreaElement ? event.target.form : null;
    if (!form) return;
    event.preventDefault();
    form.requestSubmit();
  });

  // One key presses the button that shows it (data-key): of the row that is current, or of the page. Never while one
  // types, never with Ctrl, Alt or Shift, and not where somebody has switched keys off (WCAG 2.1.4).
  const keysAreOn = () => {
    try {
      return localStorage.getItem("dd-keys") !== "off";
    } catch {
      return true;
    }
  };
  const keyedRows = () => [...document.querySelectorAll("[data-row]")];
  const currentRow = () => document.querySelector("[data-row][data-current]");
  const makeCurrent = (row) => {
    for (const other of keyedRows()) other.toggleAttribute("data-current", other === row);
  };
  const showKeys = () => {
    const are = keysAreOn();
    for (const hint of document.querySelectorAll("[data-key-hint]")) hint.hidden = !are;
    for (const words of document.querySelectorAll("[data-keys]")) words.hidden = false;
    for (const button of document.querySelectorAll("[data-keys-switch]")) {
      button.setAttribute("aria-pressed", String(are));
      button.textContent = are ? "One-key shortcuts are on" : "One-key shortcuts are off";
    }
    if (are && !currentRow() && document.querySelector("[data-row] [data-key]")) makeCurrent(keyedRows()[0]);
  };
  const moveBy = (step) => {
    const rows = keyedRows();
    const row = rows[Math.min(Math.max(rows.indexOf(currentRow()) + step, 0), rows.length - 1)];
    if (!row) return;
    makeCurrent(row);
    row.querySelector("a")?.focus();
  };
  // One comes back to the row one was at: to what is to be pressed there, and past what has been decided.
  const arrive = () => {
    const row = keysAreOn() ? document.getElementById(location.hash.slice(1)) : null;
    if (!row?.matches("[data-row]")) return;
    const asks = row.querySelector("select") ? row.querySelector("[data-key]:not(input)") : null;
    const isDecided = !asks && !row.querySelector("[data-key=a]");
    const rows = keyedRows();
    const next = isDecided ? rows[rows.indexOf(row) + 1] ?? row : row;
    makeCurrent(next);
    (asks ?? next.querySelector("a"))?.focus();
  };
  // The browser takes the focus away when it goes to the row by itself, which is after the page is loaded.
  addEventListener("load", () => setTimeout(arrive));
  showKeys();
  document.addEventListener("htmx:afterSwap", showKeys);
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (row) makeCurrent(row);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-keys-switch]")) return;
    try {
      localStorage.setItem("dd-keys", keysAreOn() ? "off" : "on");
    } catch {
      // It cannot be remembered, so the keys stay as they are.
    }
    showKeys();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.isComposing || !keysAreOn()) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
    const key = event.key.toLowerCase();
    if (keyedRows().length && (key === "j" || key === "k")) {
      event.preventDefault();
      moveBy(key === "j" ? 1 : -1);
      return;
    }
    const ofPage = [...document.querySelectorAll("[data-key]")].filter((item) => !item.closest("[data-row]"));
    const ofRow = currentRow()?.querySelectorAll("[data-key]") ?? [];
    const button = [...ofRow, ...ofPage].find((item) => item.dataset.key === key);
    if (!button) return;
    event.preventDefault();
    button.click();
    const target = button.hash && button.pathname === location.pathname && document.querySelector(button.hash);
    if (target?.matches("select, input")) target.focus();
  });

  // Rows that are marked: how many is said, all of the page are marked at once, and one goes on only with some.
  const marks = () => [...document.querySelectorAll("input[form=marked]")];
  const showMarked = () => {
    const count = marks().filter((mark) => mark.checked).length;
    for (const words of document.querySelectorAll("[data-marked-count]")) {
      words.dataset.none ??= words.textContent;
      words.textContent = count ? `${count} marked` : words.dataset.none;
    }
    for (const button of document.querySelectorAll("[data-mark-all]")) {
      button.hidden = !marks().length;
      button.textContent = count ? "Mark none" : "Mark all on this page";
    }
    for (const mark of marks()) mark.closest("tr").toggleAttribute("data-marked", mark.checked);
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("input[form=marked]")) showMarked();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-mark-all]")) return;
    const none = marks().every((mark) => !mark.checked);
    for (const mark of marks()) mark.checked = none;
    showMarked();
  });
  addEventListener("pageshow", showMarked);
  document.addEventListener("htmx:afterSwap", showMarked);

  // Text that is longer than what is kept: say so at the field, and send nothing until it is shorter. Nothing is cut.
  const tooLong = (area) => {
    const most = Number(area.dataset.most);
    const over = area.value.length > most;
    const id = `${area.id}_too_long`;
    let told = document.getElementById(id);
    if (!over && !told) return false;
    if (over) {
      if (!told) {
        told = document.createElement("p");
        told.id = id;
        told.className = "dd-too-long";
        told.setAttribute("role", "alert");
        area.after(told);
      }
      told.textContent = `${area.value.length.toLocaleString("en")} characters; at most ${most.toLocaleString("en")} are kept. Shorten it${area.form?.querySelector("input[type=file]") ? ", or add the rest as a file" : ""}.`;
    } else told?.remove();
    area.classList.toggle("is-invalid", over);
    area.setAttribute("aria-invalid", String(over));
    area.setAttribute("aria-errormessage", id);
    return over;
  };
  document.addEventListener("input", (event) => {
    if (event.target.dataset?.most) tooLong(event.target);
  });
  document.addEventListener(
    "submit",
    (event) => {
      const long = [...event.target.querySelectorAll("[data-most]")].filter(tooLong);
      if (!long.length) return;
      event.preventDefault();
      event.stopPropagation();
      long[0].focus();
    },
    true,
  );

  // Text that was typed and not sent: ask before the page is left.
  const unsaved = new Set();
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (event.target instanceof HTMLTextAreaElement && form?.method === "post") {
      const changed = [...form.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);
      if (changed) unsaved.add(form);
      else unsaved.delete(form);
    }
  });
  document.addEventListener("submit", (event) => {
    unsaved.delete(event.target);
    // A second press of the same button while the first is on its way sends nothing.
    if (event.target.method === "post" && !event.defaultPrevented) {
      if (event.target.dataset.sent) event.preventDefault();
      else {
        event.target.dataset.sent = "yes";
        // The answer may be a file to keep, which leaves the page and its form in place.
        setTimeout(() => delete event.target.dataset.sent, 8000);
      }
    }
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  addEventListener("beforeunload", (event) => {
    if ([...unsaved].some((form) => form.isConnected)) event.preventDefault();
  });

  // Parts that refresh themselves: say when the server is lost, and never put a sign-in page into a part of a page.
  const offline = document.createElement("div");
  offline.className = "dd-offline";
  offline.setAttribute("role", "status");
  const lost = () => {
    offline.textContent = "The desk does not answer. What you see may be old; we keep trying.";
    document.body.append(offline);
  };
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, lost);
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) offline.remove();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const there = event.detail.xhr.responseURL;
    if (!there || !new URL(there).pathname.startsWith("/account/")) return;
    event.detail.shouldSwap = false;
    location.reload();
  });

  // Tables become cards on narrow screens: each cell is told the word of its column. The roles keep it a table for
  // screen readers, whatever its display.
  const label = (root) => {
    for (const table of root.querySelectorAll(".dd-table:not(.dd-cards)")) {
      const heads = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent.trim());
      const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
      if (!heads.length || rows.some((row) => row.cells.length !== heads.length)) continue;
      table.classList.add("dd-cards");
      table.setAttribute("role", "table");
      for (const part of [table.tHead, ...table.tBodies]) part.setAttribute("role", "rowgroup");
      for (const row of table.rows) row.setAttribute("role", "row");
      for (const head of table.tHead.rows[0].cells) head.setAttribute("role", "columnheader");
      for (const row of rows) {
        [...row.cells].forEach((cell, column) => {
          cell.dataset.label = heads[column];
          cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
        });
      }
    }
  };
  label(document);
  document.addEventListener("htmx:afterSwap", () => label(document));

  // A form that came back with errors starts at their summary.
  document.querySelector("[data-focus-on-load]")?.focus();

  // The menu of narrow screens closes on Escape and gives the focus back.
  document.addEventListener("keydown", (event) => {
    const menu = document.querySelector(".dd-menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
})();
