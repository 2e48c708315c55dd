/* Values of the score grid: reading typed and pasted text. Points are whole hundredths; nothing is a float. */
(function () {
  "use strict";

  var FULL_WIDTH = /[０-９．－]/g;

  function clean(text) {
    return text.replace(/[\u200b-\u200d\u2060\ufeff]/g, "").replace(FULL_WIDTH, function (mark) {
      return String.fromCharCode(mark.charCodeAt(0) - 0xfee0);
    }).trim();
  }

  /* {points} in hundredths, {empty}, or {fault} in words. */
  function read(text, full, step) {
    var plain = clean(text);
    if (plain === "") { return { empty: true, points: null }; }
    var found = /^(\d{1,6})(?:\.(\d{1,2}))?$/.exec(plain);
    if (!found) {
      if (/^\d+(\.\d{3,})$/.test(plain)) { return { fault: "“" + plain + "”最多两位小数" }; }
      return { fault: "“" + plain.slice(0, 20) + "”不是数字" };
    }
    var points = parseInt(found[1], 10) * 100 + parseInt(((found[2] || "") + "00").slice(0, 2), 10);
    if (points > full) { return { fault: show(points) + " 超过满分 " + brief(full) }; }
    if (step > 1 && points % step) { return { fault: show(points) + " 不合步长 " + brief(step) }; }
    return { points: points };
  }

  function show(points) {
    if (points === null || points === undefined) { return ""; }
    var rest = points % 100;
    return Math.floor(points / 100) + "." + (rest < 10 ? "0" : "") + rest;
  }

  function brief(points) { return show(points).replace(/\.?0+$/, ""); }

  function parse(shown) {
    return shown ? parseInt(shown.replace(".", ""), 10) : null;
  }

  /* Rows of a block copied from a spreadsheet: tabs, CRLF or LF, cells in quotes may hold lines. */
  function block(text) {
    var rows = [[]];
    var cell = "";
    var quoted = false;
    var started = false;
    var i = 0;
    function endCell() { rows[rows.length - 1].push(cell); cell = ""; started = false; }
    while (i < text.length) {
      var mark = text[i];
      if (quoted) {
        if (mark === '"' && text[i + 1] === '"') { cell += '"'; i += 1; }
        else if (mark === '"') { quoted = false; }
        else { cell += mark; }
      } else if (mark === '"' && !started) { quoted = true; started = true; }
      else if (mark === "\t") { endCell(); }
      else if (mark === "\r" || mark === "\n") {
        if (mark === "\r" && text[i + 1] === "\n") { i += 1; }
        endCell();
        rows.push([]);
      } else { cell += mark; started = true; }
      i += 1;
    }
    endCell();
    var last = rows[rows.length - 1];
    if (rows.length > 1 && last.length === 1 && last[0] === "") { rows.pop(); }
    return rows;
  }

  window.gridValues = { read: read, show: show, brief: brief, parse: parse, block: block, clean: clean };
}());
