// Holding an item while somebody works on it, and keeping what they type.
//
// What a page marks:
//   form data-lease="address"   one's own hold: renewed while there is activity here, let go on leaving.
//        data-lease-until="ISO" until when; data-lease-shown: the element that shows it as a clock time.
//   form data-draft="address"   the decision's form: kept a moment after typing stops, and on leaving.
//        data-draft-status      the element that says what was kept.
//   data-holding-lost           an element (hidden) that is shown once the hold is lost.
// Without this script the hold ends by itself or by "Let go", and a draft is kept by its button.
(function () {
  "use strict";

  var BEAT = 60 * 1000;
  var IDLE = 5 * 60 * 1000;
  var PAUSE = 1500;

  function announce(words) {
    var region = document.getElementById("announcer");
    if (region) region.textContent = words;
  }

  function clock(moment) {
    return moment.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }

  function send(address, data) {
    return fetch(address, { method: "POST", body: data, credentials: "same-origin", headers: { Accept: "application/json" } });
  }

  // The draft of the decision.
  var decision = document.querySelector("form[data-draft]");
  var dirty = false;
  var timer = 0;

  function status(words) {
    document.querySelectorAll("[data-draft-status]").forEach(function (place) { place.textContent = words; });
  }

  function keep() {
    clearTimeout(timer);
    if (!decision || !dirty) return;
    dirty = false;
    send(decision.dataset.draft, new FormData(decision)).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      status("Draft kept at " + clock(new Date()));
    }).catch(function () {
      dirty = true;
      status("The draft could not be kept; your words are still here.");
    });
  }

  if (decision) {
    decision.addEventListener("input", function () {
      dirty = true;
      clearTimeout(timer);
      timer = setTimeout(keep, PAUSE);
    });
    decision.addEventListener("submit", function () {
      clearTimeout(timer);
      dirty = false;
    });
  }

  // The hold.
  var held = document.querySelector("form[data-lease]");
  var active = Date.now();
  var lost = false;

  ["keydown", "pointerdown", "input", "scroll"].forEach(function (kind) {
    addEventListener(kind, function () { active = Date.now(); }, { passive: true, capture: true });
  });

  function body(act) {
    var data = new FormData(held);
    data.set("do", act);
    return data;
  }

  function lose() {
    lost = true;
    document.querySelectorAll("[data-holding-lost]").forEach(function (place) { place.hidden = false; });
    announce("You no longer hold this item. What you typed is still here.");
  }

  function show(until) {
    document.querySelectorAll("[data-lease-shown]").forEach(function (place) { place.textContent = clock(until); });
  }

  function renew() {
    if (lost) return;
    send(held.dataset.lease, body("renew")).then(function (answer) {
      if (answer.status === 409) return lose();
      if (answer.ok) return answer.json().then(function (now) { show(new Date(now.until)); });
    }).catch(function () {
      // No connection: the next beat asks again.
    });
  }

  function beat() {
    keep();
    if (!document.hidden && Date.now() - active < IDLE) renew();
  }

  if (held) {
    show(new Date(held.dataset.leaseUntil));
    renew(); // A page that is opened again takes back what leaving shortened.
    setInterval(beat, BEAT);
    document.addEventListener("visibilitychange", function () {
      if (!document.hidden) renew();
    });
  }

  // Leaving. A link to another place lets go at once. Closing or reloading shortens the hold, since nobody can
  // tell the two apart; a page that comes back renews it.
  var review = held ? held.dataset.lease.replace(/lease\/$/, "") : "";

  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[href]");
    if (!held || lost || event.defaultPrevented || !link || link.target) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    var target = new URL(link.href, location.href);
    if (target.origin === location.origin && target.pathname.indexOf(review) === 0) return;
    lost = true;
    navigator.sendBeacon(held.dataset.lease, body("release"));
  });

  // The question that is asked once more belongs to the work on the item: the hold stays as it is.
  var staying = false;
  document.addEventListener("submit", function (event) {
    var address = event.submitter && event.submitter.hasAttribute("formaction") ? event.submitter.formAction : event.target.action;
    staying = held !== null && new URL(address, location.href).pathname.indexOf(review) === 0;
  });

  addEventListener("pageshow", function (event) {
    staying = false;
    if (event.persisted && held) renew();
  });

  addEventListener("pagehide", function () {
    if (decision && dirty) {
      dirty = false;
      navigator.sendBeacon(decision.dataset.draft, new FormData(decision));
    }
    if (held && !lost && !staying) navigator.sendBeacon(held.dataset.lease, body("leave"));
  });
})();
