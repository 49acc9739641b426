// Runs before the first paint: the kept theme, and a class that says scripts work.
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  try {
    var kept = localStorage.getItem("smmods-theme");
    if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  } catch (error) {
    // Storage is switched off: the theme follows the system.
  }
})();
