/* The score grid: keys as in Excel, reasons in the same movement, paste with a preview, one step back.
   Written for Chromium 86: classic scripts, no modules. Without scripts every row leads to its own form. */
(function () {
  "use strict";

  var values = window.gridValues;
  var wrap = document.querySelector("[data-grid]");
  if (!wrap || !values) { return; }
  var table = wrap.querySelector("table.grid");
  var step = parseInt(wrap.dataset.step, 10) || 1;
  var recent = JSON.parse(document.getElementById("grid-recent").textContent);
  var rows = Array.prototype.slice.call(table.querySelectorAll("tr[data-row]"));
  var cells = rows.map(function (row) { return Array.prototype.slice.call(row.querySelectorAll("td.cell")); });
  var acts = [];
  var current = null;
  var editor = null;

  var saver = new window.GridSaver({
    url: wrap.dataset.save,
    token: function () { return document.querySelector('input[name="csrfmiddlewaretoken"]').value; },
    row: function (td) { return parseInt(td.parentNode.dataset.row, 10); },
    onRow: drawRow,
    onCell: drawCell,
    status: status
  });
  window.gridSaver = saver;

  function each(work) { cells.forEach(function (row, y) { row.forEach(function (td, x) { work(td, x, y); }); }); }
  each(function (td, x, y) {
    td.gridX = x;
    td.gridY = y;
    td.dataset.seen = shown(td);
  });

  function shown(td) { return td.querySelector(".value").textContent.trim(); }
  function isLocked(td) { return td.classList.contains("locked"); }
  function full(td) { return parseInt(td.dataset.full, 10); }
  function name(td) { return td.parentNode.dataset.name; }
  function titleOf(td) { return name(td) + "　" + td.dataset.label; }

  function status(words, kind) {
    var place = document.querySelector("[data-grid-status]");
    place.textContent = "";
    place.className = "grid-status " + kind;
    if (kind === "ok") {
      var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("class", "glyph");
      svg.setAttribute("width", "14");
      svg.setAttribute("height", "14");
      svg.setAttribute("viewBox", "0 0 14 14");
      svg.setAttribute("aria-hidden", "true");
      var use = document.createElementNS("http://www.w3.org/2000/svg", "use");
      use.setAttribute("href", "#g-tick");
      svg.appendChild(use);
      place.appendChild(svg);
    }
    place.appendChild(document.createTextNode(words));
  }

  /* Where one is */
  function go(td) {
    if (!td) { return; }
    if (current) { current.tabIndex = -1; current.classList.remove("current"); }
    current = td;
    td.tabIndex = 0;
    td.classList.add("current");
    if (!editor) { td.focus(); }
    keepInView(td);
    hint(td);
  }

  /* The sticky first column and head hide what the browser takes for visible. */
  function keepInView(td) {
    var head = table.tHead.getBoundingClientRect();
    var first = td.parentNode.cells[0].getBoundingClientRect();
    var at = td.getBoundingClientRect();
    if (at.left < first.right) { wrap.scrollLeft -= first.right - at.left; }
    if (at.top < head.bottom) { wrap.scrollTop -= head.bottom - at.top; }
  }

  function hint(td) {
    var place = document.querySelector("[data-grid-hint]");
    if (!td.dataset.full) { place.textContent = titleOf(td) + "：本领域不评这一项"; return; }
    var words = titleOf(td) + "：0—" + values.brief(full(td)) + "，步长 " + (values.brief(step));
    place.textContent = td.dataset.reason ? words + "。事由：" + td.dataset.reason : words;
  }

  function beside(td, x, y) {
    var row = cells[td.gridY + y];
    return row ? row[td.gridX + x] : null;
  }

  function along(td, by) {
    var next = beside(td, by, 0);
    if (next) { return next; }
    var row = cells[td.gridY + by];
    return row ? row[by > 0 ? 0 : row.length - 1] : null;
  }

  /* Editing */
  function edit(td, start) {
    if (isLocked(td)) { status(td.dataset.full ? "这一格已锁定，不能改" : "本领域不评这一项", "warn"); return; }
    if (td.classList.contains("conflict")) { askConflict(td); return; }
    var input = document.createElement("input");
    input.type = "text";
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.setAttribute("aria-label", titleOf(td) + "，满分 " + values.brief(full(td)));
    input.value = start === undefined ? shown(td) : start;
    td.querySelector(".value").hidden = true;
    td.appendChild(input);
    td.classList.add("editing");
    editor = { td: td, input: input };
    input.addEventListener("keydown", onEditKey);
    input.addEventListener("blur", function () { if (editor && editor.input === input) { finishEdit(null); } });
    input.focus();
    if (start === undefined) { input.select(); }
  }

  function closeEdit() {
    var old = editor;
    editor = null;
    old.input.remove();
    old.td.classList.remove("editing");
    old.td.querySelector(".value").hidden = false;
    return old;
  }

  function onEditKey(event) {
    if (event.isComposing) { return; }
    if (event.key === "Enter") { event.preventDefault(); finishEdit(event.shiftKey ? "up" : "down"); }
    else if (event.key === "Tab") { event.preventDefault(); finishEdit(event.shiftKey ? "back" : "on"); }
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); finishEdit(event.key === "ArrowDown" ? "down" : "up"); }
    else if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); var td = closeEdit().td; go(td); }
  }

  /* Leave the cell: false when what stands in it is no value. */
  function finishEdit(way) {
    var td = editor.td;
    var text = editor.input.value;
    var found = values.read(text, full(td), step);
    if (found.fault) {
      status(titleOf(td) + "：" + found.fault, "warn");
      if (way === null) { closeEdit(); td.classList.add("refused"); return; }
      editor.input.setAttribute("aria-invalid", "true");
      editor.input.select();
      return;
    }
    closeEdit();
    var changed = write(td, values.show(found.points), undefined, true);
    var next = target(td, way);
    if (changed && td.dataset.key && found.points !== null && found.points < full(td) && !td.dataset.reason) {
      if (way) { askReason(td, next); return; }
    }
    if (way) { go(next || td); }
  }

  function target(td, way) {
    if (way === "down") { return beside(td, 0, 1); }
    if (way === "up") { return beside(td, 0, -1); }
    if (way === "on") { return along(td, 1); }
    if (way === "back") { return along(td, -1); }
    return null;
  }

  /* Put a value (and a reason) in a cell, note it for Ctrl+Z, send it up. */
  function write(td, value, reason, noted) {
    var before = { value: shown(td), reason: td.dataset.reason || "" };
    td.classList.remove("refused");
    if (before.value === value && (reason === undefined || before.reason === reason)) { return false; }
    if (noted) { acts.push([{ td: td, before: before }]); }
    put(td, value, reason);
    saver.put(td, reason === undefined ? { value: value } : { value: value, reason: reason });
    return true;
  }

  function put(td, value, reason) {
    td.querySelector(".value").textContent = value;
    var points = values.parse(value);
    if (reason !== undefined) { td.dataset.reason = reason; }
    if (points === full(td)) { td.dataset.reason = ""; }
    mark(td);
  }

  /* The corners: grey with a reason, amber without. */
  function mark(td) {
    var points = values.parse(shown(td));
    var short = td.dataset.key && points !== null && points < full(td);
    var editable = td.parentNode.hasAttribute("data-editable") && td.dataset.full;
    td.classList.toggle("has-reason", Boolean(td.dataset.reason));
    td.classList.toggle("no-reason", Boolean(short && !td.dataset.reason));
    td.toggleAttribute("data-gap", Boolean(editable && (points === null || (short && !td.dataset.reason))));
    count();
  }

  var counting = 0;
  function count() {
    window.cancelAnimationFrame(counting);
    counting = window.requestAnimationFrame(function () {
      var gaps = table.querySelectorAll("td[data-gap]").length;
      var button = document.querySelector("[data-grid-submit]");
      if (button) {
        if (gaps) { button.setAttribute("aria-disabled", "true"); } else { button.removeAttribute("aria-disabled"); }
        button.querySelector("[data-grid-gaps]").textContent = gaps ? "还差 " + gaps + " 处" : "";
      }
      var done = rows.filter(function (row) {
        return row.hasAttribute("data-editable") ? !row.querySelector("td[data-gap]") : row.dataset.missing === "0";
      });
      document.querySelector("[data-grid-done]").textContent = String(done.length);
    });
  }

  function askReason(td, next) {
    go(td);
    var points = values.parse(shown(td));
    window.gridPopovers.reason(td, {
      title: titleOf(td) + "　扣 " + values.show(full(td) - points) + " 分的事由",
      value: td.dataset.reason || "",
      recent: (recent[td.dataset.key] || []).slice(0, 3),
      done: function (words) {
        remember(td.dataset.key, words);
        write(td, shown(td), words, false);
        go(next || td);
      },
      left: function (words) {
        if (words) { remember(td.dataset.key, words); write(td, shown(td), words, false); }
        go(td);
      }
    });
  }

  function remember(key, words) {
    var known = (recent[key] || []).filter(function (one) { return one !== words; });
    recent[key] = [words].concat(known).slice(0, 3);
  }

  /* What the server says */
  function drawCell(td, told, sent) {
    td.classList.remove("conflict", "refused");
    if (told.state === "saved") {
      td.dataset.seen = told.value || "";
      if (!saver.waiting.has(td) && !(editor && editor.td === td)) { put(td, told.value || "", told.reason || ""); }
      return;
    }
    if (told.state === "conflict") {
      td.classList.add("conflict");
      td.conflict = { theirs: told.value || "", reason: told.reason || "", by: told.by, at: (told.at || "").slice(11, 16), mine: shown(td), sent: sent };
      status(titleOf(td) + "：同时有人改了", "warn");
      if (!editor) { askConflict(td); }
      return;
    }
    td.classList.add("refused");
    status(told.words, "warn");
    if (told.value !== undefined) {
      td.dataset.seen = told.value;
      put(td, told.value, told.reason || "");
    }
  }

  function askConflict(td) {
    var both = td.conflict;
    go(td);
    window.gridPopovers.conflict(td, {
      title: titleOf(td), mine: both.mine, theirs: both.theirs, by: both.by, at: both.at,
      take: function (mine) {
        td.classList.remove("conflict");
        td.dataset.seen = both.theirs;
        if (mine) { saver.put(td, { value: both.mine, reason: td.dataset.reason || "" }); } else { put(td, both.theirs, both.reason); status("已用" + (both.by || "别人") + "的 " + both.theirs, "ok"); }
        go(td);
      }
    });
  }

  function drawRow(told) {
    var row = table.querySelector('tr[data-row="' + told.sheet + '"]');
    if (!row) { return; }
    var sum = row.querySelector("[data-sum]");
    var total = row.querySelector("[data-total]");
    sum.textContent = told.sum;
    sum.classList.toggle("partial", told.missing > 0);
    if (total) { total.textContent = told.total; }
    row.querySelector("[data-verdict]").innerHTML = told.verdict;
    row.dataset.missing = told.missing;
  }

  /* One step back */
  function undo() {
    var act = acts.pop();
    if (!act) { status("没有可以撤销的", ""); return; }
    act.forEach(function (one) {
      put(one.td, one.before.value, one.before.reason);
      saver.put(one.td, { value: one.before.value, reason: one.before.reason });
    });
    go(act[0].td);
  }

  window.gridSheet = {
    wrap: wrap, cells: cells, step: step, saver: saver, acts: acts, status: status, go: go, put: put, write: write,
    shown: shown, isLocked: isLocked, full: full, name: name, current: function () { return current; },
    editing: function () { return editor; }, closeEdit: closeEdit, drawCell: drawCell
  };

  /* Keys outside editing */
  var MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function onKey(event) {
    var td = event.target.closest && event.target.closest("td.cell");
    if (!td || editor || event.isComposing && event.key !== "Process") { return; }
    if (window.gridPaste && window.gridPaste.onKey(event)) { return; }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") { event.preventDefault(); undo(); return; }
    if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      var row = event.ctrlKey ? cells[event.key === "Home" ? 0 : cells.length - 1] : cells[td.gridY];
      go(row[event.key === "Home" ? 0 : row.length - 1]);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (MOVES[event.key]) { event.preventDefault(); go(beside(td, MOVES[event.key][0], MOVES[event.key][1])); return; }
    if (event.key === "Enter") { event.preventDefault(); if (td.classList.contains("conflict")) { askConflict(td); } else { go(beside(td, 0, event.shiftKey ? -1 : 1)); } return; }
    if (event.key === "Tab") {
      var next = along(td, event.shiftKey ? -1 : 1);
      if (next) { event.preventDefault(); go(next); }
      return;
    }
    if (event.key === "F2") {
      event.preventDefault();
      var points = values.parse(shown(td));
      if (!event.shiftKey) { edit(td); } else if (!isLocked(td) && td.dataset.key && points !== null && points < full(td)) { askReason(td, td); }
      return;
    }
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      if (!isLocked(td) && shown(td)) { write(td, "", "", true); }
      return;
    }
    if (event.key.length === 1 || event.key === "Process") { edit(td, ""); }
  }

  wrap.addEventListener("keydown", onKey);
  wrap.addEventListener("mousedown", function (event) {
    var td = event.target.closest("td.cell");
    if (td && !(editor && editor.td === td)) { if (editor) { finishEdit(null); } event.preventDefault(); go(td); }
  });
  wrap.addEventListener("dblclick", function (event) {
    var td = event.target.closest("td.cell");
    if (td && !editor) { edit(td); }
  });
  wrap.addEventListener("focusin", function (event) {
    if (event.target.matches("td.cell") && event.target !== current) { go(event.target); }
  });
  wrap.addEventListener("scroll", function () {
    if (window.gridPopovers.isOpen() && document.querySelector(".conflict-popover")) { window.gridPopovers.close(); }
  });

  var wanted = /^#file-\d+$/.test(window.location.hash) && document.querySelector(window.location.hash);
  var first = wanted && (wanted.querySelector("td[data-gap]") || wanted.querySelector("td.cell"));
  current = first || table.querySelector("td[data-gap]") || cells[0][0];
  current.tabIndex = 0;
  if (first) { go(first); }
}());
