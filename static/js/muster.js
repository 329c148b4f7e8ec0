// What the pages do beyond HTML and htmx: look, focus, spoken changes, typed text that is never lost. No dependency.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, inside = document) => inside.querySelector(selector);
  const $$ = (selector, inside = document) => [
    ...(inside.matches?.(selector) ? [inside] : []),
    ...inside.querySelectorAll(selector),
  ];
  const on = (name, act) => document.addEventListener(name, act);

  // Look --------------------------------------------------------------------------------------------------------
  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const look = {
    theme: { isOn: isDark, set: (value) => { root.dataset.theme = value ? "dark" : "light"; } },
    mode: {
      isOn: () => root.dataset.mode === "workshop",
      set: (value) => { if (value) root.dataset.mode = "workshop"; else delete root.dataset.mode; },
    },
  };
  const showLook = () => $$("[data-switch]").forEach((button) => {
    button.setAttribute("aria-pressed", String(look[button.dataset.switch].isOn()));
  });
  const switchLook = (key) => {
    look[key].set(!look[key].isOn());
    try {
      if (root.dataset[key]) localStorage.setItem(`muster.${key}`, root.dataset[key]);
      else localStorage.removeItem(`muster.${key}`);
    } catch { /* not kept, still switched */ }
    showLook();
  };

  // Spoken changes: one polite region, one sentence in five seconds, the newest of each source -----------------------
  const PAUSE = 5000;
  const waiting = new Map();
  const said = new Map();
  let quietUntil = 0;
  let speaker = null;
  const speak = () => {
    speaker = null;
    const next = waiting.entries().next();
    const region = $("#announce");
    if (next.done || !region) return;
    const [source, sentence] = next.value;
    waiting.delete(source);
    region.textContent = sentence;
    quietUntil = Date.now() + PAUSE;
    if (waiting.size) speaker = setTimeout(speak, PAUSE);
  };
  const announce = (sentence, source = sentence) => {
    if (!sentence || said.get(source) === sentence) return;
    said.set(source, sentence);
    waiting.delete(source);
    waiting.set(source, sentence);
    speaker ??= setTimeout(speak, Math.max(100, quietUntil - Date.now()));
  };
  const sourceOf = (element) => element.dataset.announceKey || element.id || "page";

  // Figures that changed glow once ------------------------------------------------------------------------------------
  const figures = new Map();
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const noteFigures = (inside, { isFirst }) => $$("[data-glow]", inside).forEach((element) => {
    const key = element.dataset.glow;
    const text = element.textContent.trim();
    if (!isFirst && figures.has(key) && figures.get(key) !== text) {
      element.classList.add("glow");
      element.addEventListener("animationend", () => element.classList.remove("glow"), { once: true });
    }
    figures.set(key, text);
  });
  const endStillGlow = () => {
    if (still.matches) $$(".glow").forEach((element) => element.classList.remove("glow"));
  };

  // Toasts: one at a time, at least eight seconds, longer while touched or focused ------------------------------------
  const TOAST_STAYS = 8000;
  let toastTimer = null;
  const keepToast = () => {
    clearTimeout(toastTimer);
    const toasts = $$("#toasts > .toast");
    toasts.slice(0, -1).forEach((toast) => toast.remove());
    const toast = toasts.at(-1);
    if (!toast) return;
    announce(toast.querySelector("span")?.textContent.trim(), `toast-${Date.now()}`);
    const leave = () => {
      clearTimeout(toastTimer);
      toastTimer = setTimeout(() => {
        if (toast.matches(":hover, :focus-within") || document.hidden) leave();
        else toast.remove();
      }, TOAST_STAYS);
    };
    leave();
  };

  // Tables keep their meaning for screen readers when they are drawn as cards -------------------------------------------
  const ROLES = { table: "table", thead: "rowgroup", tbody: "rowgroup", tfoot: "rowgroup", tr: "row", td: "cell" };
  const nameRoles = (inside) => {
    const tables = new Set($$(".table--cards", inside));
    const around = inside.closest?.(".table--cards");
    if (around) tables.add(around);
    tables.forEach((table) => [table, ...table.querySelectorAll("thead, tbody, tfoot, tr, td, th")].forEach((part) => {
      const head = part.scope === "row" ? "rowheader" : "columnheader";
      part.setAttribute("role", ROLES[part.localName] || head);
    }));
  };

  // Typed text --------------------------------------------------------------------------------------------------------
  const typed = new WeakSet();
  const isTyped = (form) => typed.has(form);
  const leaving = (event) => {
    if ($$("form[data-guard], form[data-edit]").some(isTyped)) event.preventDefault();
  };
  let escapedAt = 0;
  const escape = (form) => {
    const cancel = $("[data-cancel]", form);
    if (!cancel) return;
    if (isTyped(form) && Date.now() - escapedAt > 3000) {
      escapedAt = Date.now();
      const note = $("#trouble")?.dataset.escape;
      $("#announce").textContent = note; // an answer to a key cannot wait its turn
      const hint = $("[data-escape-note]", form);
      if (hint) hint.textContent = note;
      return;
    }
    typed.delete(form);
    cancel.click();
  };

  // Focus after a swap: the first error, else the first field of an opened form, else the button that opened it -------
  const moveFocus = (swapped, asker) => {
    // A fragment that refreshes by itself never moves anyone's focus.
    const asked = asker?.closest?.("form, button, a");
    if (!asked) return;
    const find = (selector) => swapped.flatMap((part) => $$(selector, part))[0];
    const lost = !document.activeElement || document.activeElement === document.body;
    const wrong = find("[data-focus], [aria-invalid='true'], .errors");
    if (!wrong && !lost && document.activeElement !== asked) return;
    const back = asker.closest("form[data-return]")?.dataset.return;
    const first = wrong
      || find("[autofocus]")
      || find("form[data-edit] :is(input:not([type=hidden]), select, textarea)")
      || (lost && ((back && document.getElementById(back)) || $("#main")));
    if (!first) return;
    if (!first.matches("a, button, input, select, textarea, summary, [tabindex]")) first.tabIndex = -1;
    first.focus();
    if (first.matches("input") && first.type !== "checkbox" && first.type !== "radio") first.select();
  };
  // What somebody unfolded stays unfolded when its fragment is replaced.
  const unfolded = new Set();
  const noteUnfolded = ({ detail }) => $$("details[id]", detail.target).forEach((each) => {
    if (each.open) unfolded.add(each.id); else unfolded.delete(each.id);
  });

  // htmx tells of each new piece, also of those swapped out of band, and then of who asked: both before the microtask.
  let swapped = [];
  let asker = null;
  const settle = () => {
    const parts = swapped;
    const whoAsked = asker;
    swapped = [];
    asker = null;
    parts.forEach((part) => {
      noteFigures(part, { isFirst: false });
      nameRoles(part);
      $$("details[id]", part).forEach((each) => { if (unfolded.has(each.id)) each.open = true; });
      $$("[data-announce]", part).forEach((each) => announce(each.dataset.announce, sourceOf(each)));
      // What came back with errors is still unsaved.
      $$("form:has([aria-invalid='true'], .errors, .conflict)", part).forEach((form) => typed.add(form));
    });
    showLook();
    if (parts.some((part) => part.closest("#toasts"))) keepToast();
    moveFocus(parts, whoAsked);
  };
  const onNewPiece = ({ target }) => {
    if (target === document.body) return;
    if (!swapped.length) queueMicrotask(settle);
    swapped.push(target);
  };

  // Requests that did not go through -----------------------------------------------------------------------------------
  let failed = null;
  const sentenceFor = (status, texts) => ({
    0: texts.offline, 403: texts.refused, 404: texts.gone, 413: texts.large, 429: texts.often, 503: texts.busy,
  })[status] || texts.broken;
  const showTrouble = ({ detail }) => {
    const bar = $("#trouble");
    // What refreshes by itself is nobody's request; the line about the connection speaks for it.
    if (!bar || detail.elt.matches("[data-live]")) return;
    failed = detail.elt;
    $("[data-what]", bar).textContent = sentenceFor(detail.xhr?.status || 0, bar.dataset);
    $("[data-kept]", bar).hidden = !failed.closest("form");
    bar.hidden = false;
  };
  const hideTrouble = () => { const bar = $("#trouble"); if (bar) bar.hidden = true; };
  const tryAgain = () => {
    hideTrouble();
    if (!failed?.isConnected) location.reload();
    else if (failed.matches("form")) failed.requestSubmit();
    else failed.click();
  };

  // Small tools ----------------------------------------------------------------------------------------------------------
  const copy = async (button) => {
    const source = $(button.dataset.copy);
    if (!source) return;
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
    } catch {
      // Without a secure address the browser only lets the person copy what is selected.
      getSelection().selectAllChildren(source);
      if (!document.execCommand("copy")) return;
    }
    const label = button.textContent;
    button.textContent = button.dataset.done;
    announce(button.dataset.done, `copy-${Date.now()}`);
    setTimeout(() => { button.textContent = label; }, 3000);
  };
  const reveal = (button) => {
    const field = $(button.dataset.reveal);
    if (!field) return;
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  const closeMenus = (except) => $$("details.menu[open]").forEach((menu) => {
    if (!menu.contains(except)) menu.open = false;
  });

  // Wiring ---------------------------------------------------------------------------------------------------------------
  on("click", (event) => {
    const button = event.target.closest("button");
    closeMenus(event.target);
    endStillGlow();
    if (!button) return;
    if (button.dataset.switch) switchLook(button.dataset.switch);
    if (button.dataset.copy) copy(button);
    if (button.dataset.reveal) reveal(button);
    if (button.matches("[data-close]")) button.closest(".toast, .banner")?.remove();
    if (button.matches("[data-hide]")) hideTrouble();
    if (button.matches("[data-again]")) tryAgain();
  });
  on("keydown", (event) => {
    endStillGlow();
    if (event.key !== "Escape" || event.defaultPrevented) return;
    const menu = event.target.closest("details.menu[open]");
    if (menu) {
      menu.open = false;
      $("summary", menu).focus();
      return;
    }
    const form = event.target.closest("form[data-edit]");
    if (form) escape(form);
  });
  on("input", (event) => { if (event.target.form) typed.add(event.target.form); });
  on("submit", (event) => { if (!event.target.matches("[data-edit], [hx-post]")) typed.delete(event.target); });
  addEventListener("beforeunload", leaving);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showLook);

  on("htmx:responseError", showTrouble);
  on("htmx:sendError", showTrouble);
  on("htmx:timeout", showTrouble);
  on("htmx:afterRequest", ({ detail }) => {
    if (!detail.successful) return;
    hideTrouble();
    if (detail.elt.matches?.("form")) typed.delete(detail.elt);
  });
  on("htmx:beforeSwap", noteUnfolded);
  on("htmx:load", onNewPiece);
  on("htmx:afterSettle", ({ detail }) => { asker = detail.requestConfig?.elt; });

  // htmx notes the page's address for snapshots that we never keep: an address may hold a name that was looked for.
  const forgetAddress = () => {
    try { sessionStorage.removeItem("htmx-current-path-for-history"); } catch { /* storage is switched off */ }
  };
  ["htmx:pushedIntoHistory", "htmx:replacedInHistory", "htmx:historyRestore"].forEach((name) => on(name, forgetAddress));
  forgetAddress();

  showLook();
  nameRoles(document);
  noteFigures(document, { isFirst: true });
  // What stands on the page at first was read with the page.
  $$("[data-announce]").forEach((element) => said.set(sourceOf(element), element.dataset.announce));
  keepToast();
})();
