/* Saving of the score grid: cells go up as they are left; what could not be saved stays here, is shown and tried again.
   Nothing is kept on the disk of a shared machine. */
(function () {
  "use strict";

  var RETRY = 3000;

  /* options: url, token(), row(td), onRow(told), onCell(td, told), status(words, kind) */
  function Saver(options) {
    this.options = options;
    this.waiting = new Map();
    this.flying = null;
    this.timer = null;
    this.offline = false;
  }

  Saver.prototype.pending = function () { return this.waiting.size + (this.flying ? this.flying.length : 0); };

  Saver.prototype.put = function (td, change) {
    var before = this.waiting.get(td) || {};
    this.waiting.set(td, Object.assign({}, before, change));
    if (!this.offline) { td.classList.add("saving"); }
    this.soon(0);
  };

  Saver.prototype.soon = function (wait) {
    var saver = this;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(function () { saver.flush(); }, wait);
  };

  Saver.prototype.flush = function () {
    if (this.flying || !this.waiting.size) { return Promise.resolve(); }
    var entries = Array.from(this.waiting.entries());
    this.waiting.clear();
    var saver = this;
    return this.send(entries, false).catch(function () { saver.keep(entries); });
  };

  /* Back into the queue, behind anything typed meanwhile. */
  Saver.prototype.keep = function (entries) {
    var saver = this;
    entries.forEach(function (entry) {
      saver.waiting.set(entry[0], Object.assign({}, entry[1], saver.waiting.get(entry[0]) || {}));
    });
    saver.waiting.forEach(function (_, td) { td.classList.remove("saving"); td.classList.add("unsaved"); });
    saver.tellOffline();
    saver.soon(RETRY);
  };

  Saver.prototype.tellOffline = function () {
    this.offline = true;
    var bar = window.shell.notice("warn", "网络断了。", "net-notice");
    var p = bar.querySelector("p");
    p.textContent = "";
    var strong = document.createElement("b");
    strong.textContent = "网络断了。";
    p.appendChild(strong);
    p.appendChild(document.createTextNode(this.pending() + " 处改动还在本页，先别关；连上后自动保存。"));
    var retry = document.createElement("button");
    retry.type = "button";
    retry.className = "button row";
    retry.textContent = "重试";
    retry.addEventListener("click", this.soon.bind(this, 0));
    bar.appendChild(retry);
    this.options.status(this.pending() + " 处没有存上", "warn");
  };

  Saver.prototype.send = function (entries, whole) {
    var saver = this;
    this.flying = entries;
    var cells = entries.map(function (entry) {
      var td = entry[0];
      var change = entry[1];
      var cell = { sheet: saver.options.row(td), key: td.dataset.key, seen: td.dataset.seen || null, value: change.value === undefined ? td.dataset.seen || null : change.value || null };
      if (change.reason !== undefined) { cell.reason = change.reason; }
      return cell;
    });
    return window.fetch(this.options.url, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.options.token(), "HX-Request": "true" },
      body: JSON.stringify({ whole: whole, cells: cells })
    }).then(function (answer) {
      saver.flying = null;
      if (answer.status === 401) { return saver.askAgain(entries, whole); }
      if (answer.status === 403) { return answer.text().then(function (words) { return saver.forbidden(words, entries, whole); }); }
      if (answer.status >= 500) { throw new Error("server"); }
      if (!answer.ok) { return answer.text().then(function (words) { saver.refuseAll(entries, words); return null; }); }
      return answer.json().then(function (told) { saver.take(entries, told); return told; });
    }, function (error) { saver.flying = null; throw error; });
  };

  /* A page that lay too long has a token of the session before; else the post that allowed writing is gone. */
  Saver.prototype.forbidden = function (words, entries, whole) {
    if (words.indexOf("放得太久") >= 0) { return this.askAgain(entries, whole); }
    this.refuseAll(entries, "没有权限写这些格。");
    return null;
  };

  /* Session over: signing in again keeps what was typed. */
  Saver.prototype.askAgain = function (entries, whole) {
    var saver = this;
    entries.forEach(function (entry) { entry[0].classList.remove("saving"); entry[0].classList.add("unsaved"); });
    saver.options.status("登录已超时，改动还在本页", "warn");
    return window.shell.askSignIn().then(function () { return saver.send(entries, whole); });
  };

  Saver.prototype.refuseAll = function (entries, words) {
    var saver = this;
    entries.forEach(function (entry) {
      entry[0].classList.remove("saving", "unsaved");
      saver.options.onCell(entry[0], { state: "refused", words: words.replace(/<[^>]*>/g, "").trim().slice(0, 200) });
    });
  };

  Saver.prototype.take = function (entries, told) {
    var saver = this;
    if (this.offline) {
      this.offline = false;
      var bar = document.getElementById("net-notice");
      if (bar) { bar.remove(); }
    }
    told.cells.forEach(function (cell, place) {
      var td = entries[place][0];
      td.classList.remove("saving", "unsaved");
      saver.options.onCell(td, cell, entries[place][1]);
    });
    told.rows.forEach(saver.options.onRow);
    var bad = told.cells.some(function (cell) { return cell.state !== "saved"; });
    if (!bad) { saver.options.status("已自动保存 " + told.at, "ok"); }
    if (saver.waiting.size) { saver.soon(0); }
  };

  window.addEventListener("online", function () { if (window.gridSaver) { window.gridSaver.soon(0); } });
  window.addEventListener("beforeunload", function (event) {
    if (window.gridSaver && window.gridSaver.pending()) { event.preventDefault(); event.returnValue = ""; }
  });
  window.GridSaver = Saver;
}());
