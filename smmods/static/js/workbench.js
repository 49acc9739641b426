// The workbench's keys, and holding an item: a heartbeat while the page is open, letting go when a link leads away.
(function () {
  "use strict";

  function isTyping(target) {
    return target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]") !== null;
  }

  function otherFile(step) {
    var links = Array.from(document.querySelectorAll(".file-tree a"));
    var here = links.findIndex(function (link) { return link.hasAttribute("aria-current"); });
    var next = links[here + step];
    if (next) next.click();
  }

  // An element marked data-key is clicked by that key, where it can be seen; J and K go through the files.
  document.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      var decision = event.target.closest(".decision-form");
      if (decision) decision.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    var key = event.key.toLowerCase();
    if (key === "j" || key === "k") return otherFile(key === "j" ? 1 : -1);
    if (!/^[a-z0-9]$/.test(key)) return;
    var target = document.querySelector('[data-key="' + key + '"]');
    if (target && target.getClientRects().length) {
      event.preventDefault();
      target.focus();
      target.click();
    }
  });

  var form = document.querySelector("form[data-lease]");
  if (!form) return;
  var address = form.dataset.lease;
  var review = address.replace(/lease\/$/, "");
  var BEAT = 5 * 60 * 1000;

  function body(act) {
    var data = new FormData(form);
    data.set("do", act);
    return data;
  }

  setInterval(function () {
    if (!document.hidden) fetch(address, { method: "POST", body: body("renew"), credentials: "same-origin" });
  }, BEAT);

  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
    var target = new URL(link.href, location.href);
    if (target.origin !== location.origin || target.pathname.indexOf(review) === 0) return;
    navigator.sendBeacon(address, body("release"));
  });
})();
