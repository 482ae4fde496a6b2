// Runs before the first paint: class "js", and the remembered theme (or the system's, where none was chosen).
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* storage is closed in private mode */ }
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.dataset.bsTheme = kept === "dark" || kept === "light" ? kept : system;
})();
