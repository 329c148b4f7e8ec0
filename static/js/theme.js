// Runs before the first paint: the look chosen on this device. Nothing else is kept here, nothing about anyone.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    for (const key of ["theme", "mode"]) {
      const value = localStorage.getItem(`muster.${key}`);
      if (value) root.dataset[key] = value;
    }
  } catch { /* storage is switched off: the system's look it is */ }
})();
