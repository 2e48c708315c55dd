/* Pasting a block into the score grid: read, shown in place, written by Enter; never into a locked cell or past the edge. */
(function () {
  "use strict";

  var sheet = window.gridSheet;
  if (!sheet) { return; }
  var values = window.gridValues;
  var bar = document.querySelector("[data-paste-bar]");
  var plan = null;

  function onPaste(event) {
    var td = sheet.current();
    var inside = event.target.closest && event.target.closest("[data-grid]");
    if (!td || !inside || plan || (event.target.closest(".popover"))) { return; }
    var text = (event.clipboardData || window.clipboardData).getData("text");
    var rows = values.block(text);
    var single = rows.length === 1 && rows[0].length === 1;
    if (sheet.editing() && single) { return; }
    event.preventDefault();
    if (sheet.editing()) { sheet.closeEdit(); }
    show(td, rows);
  }

  /* What each pasted cell would do. */
  function judge(td, text) {
    if (values.clean(text) === "") { return { kind: "blank" }; }
    if (!td.dataset.full || sheet.isLocked(td)) { return { kind: "refused", why: td.dataset.full ? "已锁定" : "本领域不评" }; }
    var found = values.read(text, sheet.full(td), sheet.step);
    if (found.fault) { return { kind: "refused", why: found.fault }; }
    var value = values.show(found.points);
    return { kind: value === sheet.shown(td) ? "unchanged" : "written", value: value };
  }

  function show(from, rows) {
    plan = { cells: [], outside: 0, rows: rows.length, columns: Math.max.apply(null, rows.map(function (row) { return row.length; })), from: from };
    rows.forEach(function (row, y) {
      row.forEach(function (text, x) {
        var td = (sheet.cells[from.gridY + y] || [])[from.gridX + x];
        if (!td) { if (values.clean(text) !== "") { plan.outside += 1; } return; }
        var found = judge(td, text);
        if (found.kind !== "blank") { plan.cells.push({ td: td, text: values.clean(text), found: found }); }
      });
    });
    plan.cells.forEach(draw);
    drawBar();
    sheet.go(from);
    from.scrollIntoView({ block: "nearest" });
  }

  function draw(one) {
    var td = one.td;
    td.classList.add(one.found.kind);
    if (one.found.kind === "unchanged") { return; }
    var value = td.querySelector(".value");
    value.hidden = true;
    var preview = document.createElement("span");
    preview.className = "value preview";
    var old = document.createElement("span");
    old.className = "old";
    old.textContent = sheet.shown(td);
    var fresh = document.createElement("span");
    fresh.className = "new";
    fresh.textContent = one.found.kind === "written" ? one.found.value : one.text.replace(/\s+/g, " ").slice(0, 12);
    if (old.textContent) { preview.appendChild(old); }
    preview.appendChild(fresh);
    td.appendChild(preview);
  }

  function of(kind) { return plan.cells.filter(function (one) { return one.found.kind === kind; }); }

  function part(className, words) {
    var span = document.createElement("span");
    if (className) {
      var swatch = document.createElement("span");
      swatch.className = "swatch " + className;
      span.appendChild(swatch);
    }
    span.appendChild(document.createTextNode(words));
    return span;
  }

  function button(words, className, work) {
    var made = document.createElement("button");
    made.type = "button";
    made.className = "button " + className;
    made.textContent = words;
    made.addEventListener("click", work);
    return made;
  }

  function drawBar() {
    var written = of("written").length;
    var refused = of("refused");
    bar.textContent = "";
    var head = document.createElement("b");
    head.textContent = "粘贴预览　" + plan.rows + " 行 × " + plan.columns + " 列";
    bar.appendChild(head);
    bar.appendChild(part("ok", "写入 " + written));
    bar.appendChild(part("plain", "未变 " + of("unchanged").length));
    if (refused.length || plan.outside) {
      var all = refused.map(function (one) { return sheet.name(one.td) + one.found.why; });
      var reasons = all.filter(function (words, place) { return all.indexOf(words) === place; }).slice(0, 3);
      if (refused.length > 3) { reasons.push("共 " + refused.length + " 处"); }
      if (plan.outside) { reasons.push("超出表格 " + plan.outside + " 格"); }
      var bad = part("bad", "不写 " + (refused.length + plan.outside) + "：" + reasons.join("；"));
      bad.className = "bad";
      bar.appendChild(bad);
    }
    var buttons = document.createElement("div");
    buttons.className = "buttons";
    var cancel = button("取消 ", "", drop);
    var esc = document.createElement("kbd");
    esc.textContent = "Esc";
    cancel.appendChild(esc);
    buttons.appendChild(cancel);
    if (written) { buttons.appendChild(button("写入 " + written + " 格", "main", take)); }
    bar.appendChild(buttons);
    bar.hidden = false;
    sheet.wrap.classList.add("with-bar");
  }

  function clear() {
    plan.cells.forEach(function (one) {
      one.td.classList.remove("written", "unchanged", "refused");
      var preview = one.td.querySelector(".preview");
      if (preview) { preview.remove(); }
      one.td.querySelector(".value").hidden = false;
    });
    bar.hidden = true;
    sheet.wrap.classList.remove("with-bar");
    bar.textContent = "";
  }

  function drop() {
    if (!plan) { return; }
    var from = plan.from;
    clear();
    plan = null;
    sheet.go(from);
  }

  /* All or nothing: one request, one entry for Ctrl+Z. */
  function take() {
    if (!plan) { return; }
    var chosen = of("written");
    var from = plan.from;
    clear();
    plan = null;
    if (!chosen.length) { sheet.go(from); return; }
    var act = chosen.map(function (one) { return { td: one.td, before: { value: sheet.shown(one.td), reason: one.td.dataset.reason || "" } }; });
    var entries = chosen.map(function (one) {
      sheet.put(one.td, one.found.value);
      one.td.classList.add("saving");
      return [one.td, { value: one.found.value }];
    });
    sheet.acts.push(act);
    sheet.go(from);
    send(entries, act);
  }

  function send(entries, act) {
    if (sheet.saver.flying) { window.setTimeout(function () { send(entries, act); }, 50); return; }
    sheet.saver.send(entries, true).then(function (told) {
      if (!told) { return; }
      var bad = told.cells.filter(function (cell) { return cell.state !== "saved"; });
      if (bad.length) {
        sheet.acts.splice(sheet.acts.indexOf(act), 1);
        act.forEach(function (one) { one.td.classList.remove("conflict"); sheet.put(one.td, one.td.dataset.seen, undefined); });
        sheet.status("整块没有写入：" + bad[0].words, "warn");
      } else {
        sheet.status("已写入 " + entries.length + " 格，已自动保存 " + told.at, "ok");
      }
    }, function () { sheet.saver.keep(entries); });
  }

  function onKey(event) {
    if (!plan) { return false; }
    if (event.key === "Enter") { event.preventDefault(); take(); return true; }
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); drop(); return true; }
    if (!event.ctrlKey && event.key !== "Tab" && event.key !== "Shift") { event.preventDefault(); }
    return event.key !== "Tab";
  }

  document.addEventListener("paste", onPaste);
  document.addEventListener("keydown", function (event) {
    if (plan && event.key === "Escape" && !event.defaultPrevented) { drop(); }
  });
  window.gridPaste = { onKey: onKey };
}());
