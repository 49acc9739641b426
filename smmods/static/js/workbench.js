// The workbench by keyboard: one table of keys, the list of them, and the switch that turns them off.
//
// What a page marks, and what the keys do with it:
//   data-key="c"         this element is clicked by that key, where it can be seen; a text field is focused.
//                        data-key-focus: it is focused and not clicked (a group of radios: its chosen one).
//                        data-key-words="Claim it": how the list of keys names it; else its label or its text.
//   data-file            a changed file, in the order of the page (links of the tree): J the next, K the one
//                        before, counted from the one with aria-current. The link is clicked.
//   data-row             a line of a list that J and K walk where the page has no data-file; Enter opens the
//                        first link in it, X ticks its checkbox.
//   data-change          a place of the difference (any element): N the next, P the one before.
//   data-finding         a finding (any element): Z the next, A the one before.
//                        Places are focused (tabindex -1 is set here) and announced by their aria-label or
//                        data-place-words, with their number: "Change 2 of 5: init.lua, line 12".
//   data-decision        the decision's form: Ctrl+Enter sends it, which asks for confirmation.
//   data-confirm         the form that asks once more: a key that is still held down never confirms.
//   data-keys-list       a button (hidden without scripts) that opens the list of keys, as ? does.
//   1 to 9               reasons: data-key="1" and so on, on their checkboxes.
// No key works while a text field has the focus, but Ctrl+Enter and Escape. The switch in the list of keys
// turns all single keys off and is kept in this browser. Holding an item and keeping a draft is holding.js.
(function () {
  "use strict";

  var STORE = "smmods-keys";
  var TEXT = "input:not([type=radio]):not([type=checkbox]):not([type=submit]), textarea, select, [contenteditable]";

  function all(selector) {
    return Array.from(document.querySelectorAll(selector)).filter(seen);
  }

  function seen(element) {
    return element.getClientRects().length > 0;
  }

  function announce(words) {
    var region = document.getElementById("announcer");
    if (region) region.textContent = words;
  }

  function keysAreOn() {
    try {
      return localStorage.getItem(STORE) !== "off";
    } catch (error) {
      return true; // Storage is switched off: the keys work as they do at first.
    }
  }

  function switchKeys(on) {
    try {
      localStorage.setItem(STORE, on ? "on" : "off");
    } catch (error) {
      announce("This browser keeps nothing, so the switch can't be kept.");
      return;
    }
    document.documentElement.classList.toggle("keys-off", !on);
    announce(on ? "Single keys are on." : "Single keys are off.");
  }

  // Going from place to place.
  var last = {};

  function current(kind, places) {
    var active = places.findIndex(function (place) { return place.contains(document.activeElement); });
    return active >= 0 ? active : places.indexOf(last[kind]);
  }

  function go(kind, word, step) {
    var places = all("[data-" + kind + "]");
    if (!places.length) return;
    var here = current(kind, places);
    var next = here < 0 ? (step > 0 ? 0 : places.length - 1) : here + step;
    if (next < 0 || next >= places.length) {
      announce(word + ": that was the " + (step > 0 ? "last" : "first") + " one.");
      return;
    }
    var place = places[next];
    last[kind] = place;
    if (!place.matches("a, button, input")) place.tabIndex = -1;
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: "center" });
    var words = place.dataset.placeWords || place.getAttribute("aria-label") || "";
    announce(word + " " + (next + 1) + " of " + places.length + (words ? ": " + words : ""));
  }

  function file(step) {
    var links = all("[data-file]");
    if (!links.length) return row(step);
    var here = links.findIndex(function (link) { return link.hasAttribute("aria-current"); });
    var next = links[here + step];
    if (next) next.click();
    else announce("File: that was the " + (step > 0 ? "last" : "first") + " one.");
  }

  // Rows of a list: the one that holds the focus, or was walked to last, is marked.
  function rows() { return all("[data-row]"); }

  function hereRow() {
    var active = document.activeElement && document.activeElement.closest("[data-row]");
    return active || document.querySelector("[data-row].is-here");
  }

  function mark(chosen) {
    rows().forEach(function (one) { one.classList.toggle("is-here", one === chosen); });
  }

  function row(step) {
    var list = rows();
    if (!list.length) return;
    var here = list.indexOf(hereRow());
    var next = here < 0 ? (step > 0 ? 0 : list.length - 1) : here + step;
    if (next < 0 || next >= list.length) {
      announce("That was the " + (step > 0 ? "last" : "first") + " row.");
      return;
    }
    var link = list[next].querySelector("a[href]");
    mark(list[next]);
    if (link) {
      link.focus({ preventScroll: true });
      list[next].scrollIntoView({ block: "nearest" });
    }
    announce("Row " + (next + 1) + " of " + list.length);
  }

  function tick() {
    var chosen = hereRow();
    var box = chosen && chosen.querySelector("input[type=checkbox]:not(:disabled)");
    if (!box) return;
    box.click();
    announce(box.checked ? "Chosen" : "Not chosen");
  }

  function press(key) {
    // What belongs to the row that one is in goes first: C claims that one.
    var inside = hereRow() ? Array.from(hereRow().querySelectorAll('[data-key="' + key + '"]')).find(seen) : null;
    var target = inside || all('[data-key="' + key + '"]').find(function (one) { return !one.closest("[data-row]"); });
    if (!target) return false;
    if (target.hasAttribute("data-key-focus")) {
      var within = target.matches("input, button, a, select, textarea") ? target
        : target.querySelector(":checked") || target.querySelector("input, button, a");
      if (within) within.focus();
      return true;
    }
    target.focus();
    if (!target.matches(TEXT)) target.click();
    return true;
  }

  // The table of keys: what works where nothing of the page claims the key, and what the list says.
  var FIXED = [
    { keys: ["J", "K"], words: "Next and previous file", where: "[data-file]", act: { j: function () { file(1); }, k: function () { file(-1); } } },
    { keys: ["J", "K"], words: "Next and previous row", where: "[data-row]", act: { j: function () { file(1); }, k: function () { file(-1); } } },
    { keys: ["Enter"], words: "Open the row", where: "[data-row]" },
    { keys: ["X"], words: "Choose the row", where: "[data-row] input[type=checkbox]", act: { x: tick } },
    { keys: ["N", "P"], words: "Next and previous change", where: "[data-change]", act: { n: function () { go("change", "Change", 1); }, p: function () { go("change", "Change", -1); } } },
    { keys: ["Z", "A"], words: "Next and previous finding", where: "[data-finding]", act: { z: function () { go("finding", "Finding", 1); }, a: function () { go("finding", "Finding", -1); } } },
    { keys: ["Ctrl", "Enter"], together: true, words: "Ask for confirmation of the decision", where: "[data-decision]" },
    { keys: ["/"], words: "Search", where: "[data-search]" },
    { keys: ["?"], words: "This list", where: "body", act: { "?": list } }
  ];

  function nameOf(element) {
    if (element.dataset.keyWords) return element.dataset.keyWords;
    var label = element.labels && element.labels.length ? element.labels[0] : element;
    var copy = label.cloneNode(true);
    copy.querySelectorAll(".key, svg, .visually-hidden").forEach(function (part) { part.remove(); });
    return copy.textContent.trim().replace(/\s+/g, " ") || element.getAttribute("aria-label") || "";
  }

  function entries() {
    var found = FIXED.filter(function (one) { return all(one.where).length > 0; });
    var names = {};
    all("[data-key]").forEach(function (element) {
      var key = element.dataset.key.toUpperCase();
      if (!names[key]) names[key] = nameOf(element);
    });
    var own = Object.keys(names).sort().map(function (key) { return { keys: [key], words: names[key] }; });
    return own.concat(found);
  }

  function make(tag, classes, words) {
    var element = document.createElement(tag);
    if (classes) element.className = classes;
    if (words) element.textContent = words;
    return element;
  }

  function list() {
    var old = document.getElementById("keys-list");
    if (old) old.remove();
    var dialog = make("dialog", "dialog keys-list");
    dialog.id = "keys-list";
    dialog.setAttribute("aria-labelledby", "keys-head");
    var body = make("div", "dialog__body");
    var head = make("h2", "", "Keys on this page");
    head.id = "keys-head";
    body.appendChild(head);
    var table = make("dl", "keys-list__rows");
    entries().forEach(function (one) {
      var line = make("div");
      var caps = make("dt");
      one.keys.forEach(function (key, place) {
        if (place && one.together) caps.appendChild(document.createTextNode(" + "));
        caps.appendChild(make("kbd", "key", key));
      });
      line.appendChild(caps);
      line.appendChild(make("dd", "", one.words));
      table.appendChild(line);
    });
    body.appendChild(table);
    var label = make("label", "choice");
    var box = make("input");
    box.type = "checkbox";
    box.checked = keysAreOn();
    box.addEventListener("change", function () { switchKeys(box.checked); });
    label.appendChild(box);
    var says = make("span", "", "Single keys work");
    says.appendChild(make("span", "choice__help", "Switched off, only Ctrl + Enter is left. Kept in this browser."));
    label.appendChild(says);
    body.appendChild(label);
    var foot = make("form", "dialog__foot");
    foot.method = "dialog";
    var close = make("button", "button button--small", "Close");
    close.autofocus = true;
    foot.appendChild(close);
    dialog.appendChild(body);
    dialog.appendChild(foot);
    document.body.appendChild(dialog);
    dialog.addEventListener("close", function () { dialog.remove(); });
    dialog.showModal();
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && event.repeat && event.target.closest("[data-confirm]")) {
      event.preventDefault();
      return;
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      var form = event.target.closest("[data-decision]");
      if (!form && !event.target.closest(TEXT)) form = document.querySelector("[data-decision]");
      if (form && !event.repeat) {
        event.preventDefault();
        form.requestSubmit();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TEXT)) return;
    if (document.querySelector("dialog[open]")) return;
    if (!keysAreOn()) {
      if (event.key === "/") event.stopImmediatePropagation();
      return;
    }
    var key = event.key.toLowerCase();
    if (key.length !== 1 || key === " " || key === "/") return;
    if (press(key)) {
      event.preventDefault();
      return;
    }
    var fixed = FIXED.find(function (one) { return one.act && one.act[key] && all(one.where).length; });
    if (fixed) {
      event.preventDefault();
      fixed.act[key]();
    }
  }, true);

  document.addEventListener("focusin", function (event) {
    var inside = event.target.closest("[data-row]");
    if (inside) mark(inside);
  });

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-keys-list]")) list();
  });

  // The list has a button too, which is how it is reached once the keys are switched off.
  document.documentElement.classList.toggle("keys-off", !keysAreOn());
  document.querySelectorAll("[data-keys-list]").forEach(function (button) { button.hidden = false; });
})();
