// Sending a package with progress: bytes, speed, time left, cancel; and a look at name and size before it leaves.
(function () {
  "use strict";

  var MIB = 1048576;

  function mib(bytes) {
    return (bytes / MIB).toFixed(1);
  }

  function span(seconds) {
    if (!isFinite(seconds)) return "";
    if (seconds < 60) return Math.max(1, Math.round(seconds)) + " s left";
    return Math.round(seconds / 60) + " min left";
  }

  // What can be said of a file without reading it; the server decides.
  function lint(file, limit) {
    if (!/\.zip$/i.test(file.name)) return "“" + file.name + "” does not end in .zip. Choose the package itself.";
    if (file.size === 0) return "“" + file.name + "” is empty.";
    if (file.size > limit) return "“" + file.name + "” has " + mib(file.size) + " MiB; at most " + mib(limit) + " MiB are taken.";
    return "";
  }

  function Upload(form) {
    this.form = form;
    this.drop = form.querySelector("[data-drop]");
    this.input = form.querySelector("input[name=package]");
    this.error = form.querySelector("[data-upload-error]");
    this.box = form.querySelector("[data-upload-progress]");
    this.bar = form.querySelector("progress");
    this.words = form.querySelector("[data-upload-words]");
    this.said = form.querySelector("[data-upload-said]");
    this.button = form.querySelector("button[type=submit]");
    this.limit = Number(form.dataset.limit);
    this.request = null;
  }

  Upload.prototype.show = function (message) {
    this.error.textContent = message;
    this.error.hidden = !message;
    this.drop.classList.toggle("field--error", Boolean(message));
  };

  Upload.prototype.check = function () {
    var file = this.input.files[0];
    var message = file ? lint(file, this.limit) : "";
    this.show(message);
    return !message;
  };

  Upload.prototype.busy = function (busy) {
    this.box.hidden = !busy;
    this.button.disabled = busy;
    this.input.classList.toggle("visually-hidden", busy);
  };

  Upload.prototype.progress = function (event, began) {
    if (!event.lengthComputable) return;
    var seconds = Math.max((performance.now() - began) / 1000, 0.001);
    var speed = event.loaded / seconds;
    var percent = Math.floor((event.loaded / event.total) * 100);
    this.bar.value = percent;
    this.words.textContent = event.loaded === event.total
      ? "All " + mib(event.total) + " MiB sent; the portal is storing them."
      : mib(event.loaded) + " of " + mib(event.total) + " MiB, " + mib(speed) + " MiB a second, " +
        span((event.total - event.loaded) / speed);
    if (percent % 25 === 0 && this.said.dataset.percent !== String(percent)) {
      this.said.dataset.percent = String(percent);
      this.said.textContent = percent + " percent sent";
    }
  };

  Upload.prototype.answered = function (request) {
    var body = null;
    try {
      body = JSON.parse(request.responseText);
    } catch (error) {
      body = null;
    }
    if (request.status === 201 && body) {
      location.assign(body.location);
      return;
    }
    this.busy(false);
    if (!body) {
      this.show("The portal answered with status " + request.status + ". Try again.");
      return;
    }
    var places = (body.errors || []).map(function (entry) {
      return (entry.pointer ? entry.pointer + ": " : "") + entry.message;
    }).filter(function (line) { return line.indexOf(body.detail) < 0; });
    this.show([body.detail, body.hint || ""].concat(places).join(" ").trim() + " (" + body.code + ")");
    this.error.scrollIntoView({ block: "nearest" });
  };

  Upload.prototype.send = function () {
    var self = this;
    var request = new XMLHttpRequest();
    var began = performance.now();
    this.request = request;
    request.open("POST", this.form.action || location.href);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", function (event) { self.progress(event, began); });
    request.addEventListener("load", function () { self.answered(request); });
    request.addEventListener("error", function () {
      self.busy(false);
      self.show("The connection broke. Nothing was kept; send it again.");
    });
    request.addEventListener("abort", function () {
      self.busy(false);
      self.show("Cancelled. Nothing was kept.");
    });
    this.form.querySelector("[data-upload-name]").textContent = this.input.files[0].name;
    this.bar.value = 0;
    this.words.textContent = "";
    this.show("");
    var data = new FormData(this.form);
    var sidecar = data.get("sidecar");
    if (sidecar instanceof File && !sidecar.name) data.delete("sidecar");
    this.busy(true);
    request.send(data);
  };

  Upload.prototype.start = function () {
    var self = this;
    this.input.addEventListener("change", function () { self.check(); });
    this.form.querySelector("[data-upload-cancel]").addEventListener("click", function () {
      if (self.request) self.request.abort();
    });
    this.form.addEventListener("submit", function (event) {
      if (!self.input.files.length) return;
      event.preventDefault();
      if (self.check()) self.send();
    });
    ["dragenter", "dragover"].forEach(function (name) {
      self.drop.addEventListener(name, function (event) {
        event.preventDefault();
        self.drop.classList.add("is-over");
      });
    });
    ["dragleave", "drop"].forEach(function (name) {
      self.drop.addEventListener(name, function () { self.drop.classList.remove("is-over"); });
    });
    this.drop.addEventListener("drop", function (event) {
      event.preventDefault();
      var side = self.form.querySelector("input[name=sidecar]");
      Array.prototype.forEach.call(event.dataTransfer.files, function (file) {
        var one = new DataTransfer();
        one.items.add(file);
        if (/\.json$/i.test(file.name) && side) side.files = one.files;
        else self.input.files = one.files;
      });
      self.check();
    });
  };

  document.querySelectorAll("form[data-upload]").forEach(function (form) { new Upload(form).start(); });
})();
