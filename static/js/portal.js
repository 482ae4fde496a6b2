// Small behaviours. Every page works without them; nothing here decides what may be seen.
(() => {
  const root = document.documentElement;

  const toggleTheme = () => {
    const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.bsTheme = next;
    try { localStorage.setItem("theme", next); } catch { /* storage is closed in private mode */ }
    document.dispatchEvent(new CustomEvent("themechange"));
  };

  const toggleNavigation = (button) => {
    const open = button.closest(".bar").classList.toggle("nav-open");
    button.setAttribute("aria-expanded", String(open));
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) toggleTheme();
    const toggle = event.target.closest(".nav-toggle");
    if (toggle) toggleNavigation(toggle);
    for (const menu of document.querySelectorAll("[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("[data-menu][open]")) { menu.open = false; menu.querySelector("summary").focus(); }
    for (const bar of document.querySelectorAll(".bar.nav-open")) { const button = bar.querySelector(".nav-toggle"); toggleNavigation(button); button.focus(); }
  });

  // ── suggestions under a search box: arrows move, Enter opens, Escape closes ──
  const parts = (box) => {
    const list = document.getElementById(box.getAttribute("aria-controls"));
    return { list, panel: list.closest(".suggest"), options: [...list.querySelectorAll("[role=option]")] };
  };
  const show = (box, open) => {
    const { panel, options } = parts(box);
    const shown = open && options.length > 0;
    panel.hidden = !shown;
    box.setAttribute("aria-expanded", String(shown));
    if (!shown) { box.removeAttribute("aria-activedescendant"); options.forEach((o) => o.setAttribute("aria-selected", "false")); }
  };
  const choose = (box, option) => {
    show(box, false);
    if (option.dataset.href) { location.assign(option.dataset.href); return; }
    box.value = option.dataset.value ?? option.textContent.trim();
    box.form.requestSubmit();
  };
  const move = (box, step) => {
    show(box, true);
    const { options } = parts(box);
    if (!options.length) return;
    const at = options.findIndex((o) => o.getAttribute("aria-selected") === "true");
    const next = at < 0 ? (step > 0 ? 0 : options.length - 1) : (at + step + options.length) % options.length;
    options.forEach((o, k) => o.setAttribute("aria-selected", String(k === next)));
    box.setAttribute("aria-activedescendant", options[next].id);
    options[next].scrollIntoView({ block: "nearest" });
  };
  const keys = (event) => {
    const box = event.target;
    if (event.isComposing) return; // the input method owns these keys while a Chinese word is being typed
    if (event.key === "ArrowDown") move(box, 1);
    else if (event.key === "ArrowUp") move(box, -1);
    else if (event.key === "Escape" && box.getAttribute("aria-expanded") === "true") show(box, false);
    else if (event.key === "Enter" && box.hasAttribute("aria-activedescendant")) choose(box, document.getElementById(box.getAttribute("aria-activedescendant")));
    else return;
    event.preventDefault();
  };
  const combobox = (box) => {
    if (box.dataset.ready) return;
    box.dataset.ready = "1";
    const { list, panel } = parts(box);
    box.addEventListener("keydown", keys);
    box.addEventListener("blur", () => show(box, false));
    box.addEventListener("input", () => { if (!box.value.trim()) { list.replaceChildren(); show(box, false); } });
    panel.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus in the box
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) choose(box, option);
    });
    list.addEventListener("htmx:afterSwap", () => show(box, document.activeElement === box && Boolean(box.value.trim())));
  };

  const prepare = (within) => {
    within.querySelectorAll("[role=combobox]").forEach(combobox);
    // The filter rail is a <details>: open on wide screens, closed on phones.
    if (matchMedia("(max-width: 1100px)").matches) within.querySelectorAll("[data-rail]").forEach((rail) => { rail.open = false; });
    within.querySelector("[data-focus]")?.focus();
  };
  const ready = () => prepare(document);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready); else ready();
  document.addEventListener("htmx:load", (event) => { if (event.detail.elt !== document.body) prepare(event.detail.elt.parentElement ?? document); });

  // Filters that apply by themselves hide their button only when scripts run.
  for (const form of document.querySelectorAll("form[data-auto]")) form.addEventListener("change", () => form.requestSubmit());

  // A form is sent once: a second click while the first is under way does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.matches("[hx-post]") || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    form.querySelectorAll("button[type=submit], button:not([type])").forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
    }
  });
})();
