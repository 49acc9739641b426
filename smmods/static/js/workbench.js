// Holding an item: a heartbeat while the page is open, and letting go when a link leads away from it.
(function () {
  "use strict";

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
