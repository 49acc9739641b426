// What gets better with a script: theme switch, copy buttons, local times, the "/" key, menus that close.
(function () {
  "use strict";

  function effectiveTheme() {
    var set = document.documentElement.dataset.theme;
    if (set) return set;
    return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  function nameThemeSwitch(button) {
    button.setAttribute("aria-label", effectiveTheme() === "dark" ? "Use the light theme" : "Use the dark theme");
  }

  function switchTheme(button) {
    var next = effectiveTheme() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("smmods-theme", next);
    } catch (error) {
      // Storage is switched off: the choice holds for this page.
    }
    document.querySelectorAll("[data-theme-switch]").forEach(nameThemeSwitch);
  }

  function announce(words) {
    var region = document.getElementById("announcer");
    if (region) region.textContent = words;
  }

  function copy(button) {
    var source = button.dataset.copyFrom ? document.getElementById(button.dataset.copyFrom) : null;
    var text = source ? source.value || source.textContent.trim() : button.dataset.copy;
    if (!navigator.clipboard) return;
    navigator.clipboard.writeText(text).then(function () {
      button.classList.add("is-copied");
      announce("Copied");
      setTimeout(function () { button.classList.remove("is-copied"); }, 1600);
    });
  }

  var DAY = 86400000;

  function midnight(date) {
    return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  }

  function clock(date) {
    return date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }

  var MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  function localDate(date, withYear) {
    return date.getDate() + " " + MONTHS[date.getMonth()] + (withYear ? " " + date.getFullYear() : "");
  }

  // data-when says how much to show: "time" (day and clock), "date" (day alone), "day" (without this year) or "ago" (left as the server wrote it).
  function localTime(element) {
    var date = new Date(element.getAttribute("datetime"));
    var style = element.dataset.when;
    if (isNaN(date) || !style || style === "ago") return;
    var now = new Date();
    var otherYear = date.getFullYear() !== now.getFullYear();
    if (style === "date" || style === "day") {
      element.textContent = localDate(date, style === "date" || otherYear);
      return;
    }
    var days = Math.round((midnight(now) - midnight(date)) / DAY);
    if (days === 0) element.textContent = "today, " + clock(date);
    else if (days === 1) element.textContent = "yesterday, " + clock(date);
    else element.textContent = localDate(date, otherYear) + ", " + clock(date);
  }

  function prepare(root) {
    root.querySelectorAll("time[data-when]").forEach(localTime);
    root.querySelectorAll("[data-theme-switch]").forEach(nameThemeSwitch);
  }

  function isTyping(target) {
    return target.closest("input, textarea, select, [contenteditable]") !== null;
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-theme-switch], [data-copy], [data-copy-from]");
    if (button && button.hasAttribute("data-theme-switch")) switchTheme(button);
    else if (button) copy(button);
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      document.querySelectorAll("details.menu[open]").forEach(function (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    }
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
      var search = document.querySelector("[data-search]");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    }
  });

  // A select or box marked so sends its form as soon as it changes; its button is then not needed.
  document.addEventListener("change", function (event) {
    var form = event.target.closest("form[data-submit-on-change]");
    if (form && event.target.type !== "search") form.requestSubmit();
  });

  // A filter's request leaves out what is not set, so that the address stays short, and keeps the fold open.
  document.addEventListener("htmx:configRequest", function (event) {
    var parameters = event.detail.parameters;
    Object.keys(parameters).forEach(function (name) {
      if (parameters[name] === "") delete parameters[name];
    });
  });
  var foldWasOpen = false;
  document.addEventListener("htmx:beforeSwap", function () {
    foldWasOpen = document.querySelector(".filters__fold[open]") !== null;
  });
  document.addEventListener("htmx:afterSwap", function () {
    var fold = document.querySelector(".filters__fold");
    if (fold && foldWasOpen) fold.open = true;
  });

  document.addEventListener("DOMContentLoaded", function () { prepare(document); });
  document.addEventListener("htmx:load", function (event) { prepare(event.target); });
})();
