/* The tally sheet adds up while it is typed. Without this file the server says the same after submitting.
   Written for Chromium 86: classic script, no modules. */
(function () {
  "use strict";

  var form = document.querySelector("form[data-tally]");
  if (!form) { return; }

  function halfWidth(text) {
    return text.replace(/[０-９]/g, function (digit) { return String.fromCharCode(digit.charCodeAt(0) - 0xfee0); })
      .replace(/[\s,，\u3000]/g, "").replace(/[人票名]$/, "");
  }

  /* The number in a field; null where nothing is typed, NaN where it is no number. */
  function read(input) {
    var text = halfWidth(input.value);
    if (text === "") { return null; }
    return /^\d{1,7}$/.test(text) ? Number(text) : NaN;
  }

  function counts(pile) {
    var found = { option: 0, empty: 0, wrong: 0 };
    var inputs = pile.querySelectorAll("input[data-part]");
    for (var i = 0; i < inputs.length; i += 1) {
      var part = inputs[i].getAttribute("data-part");
      var number = read(inputs[i]);
      if (number === null) { found.empty += 1; number = 0; }
      else if (isNaN(number)) { found.wrong += 1; number = 0; }
      if (part === "option") { found.option += number; } else { found[part] = number; }
    }
    found.typed = inputs.length - found.empty;
    return found;
  }

  function verdict(n) {
    var sum = n.option + n.blank + n.invalid;
    var added = "有效 " + n.option + " + 弃权 " + n.blank + " + 无效 " + n.invalid + " = " + sum;
    if (n.wrong) { return ["bad", "有 " + n.wrong + " 格不是数字。"]; }
    if (n.empty) { return ["", added + "；还有 " + n.empty + " 格没有填。"]; }
    if (n.issued > n.expected) { return ["bad", "发出 " + n.issued + " 大于应到 " + n.expected + "。"]; }
    if (n.returned > n.issued) { return ["bad", "收回 " + n.returned + " 大于发出 " + n.issued + "。"]; }
    if (sum !== n.returned) {
      var off = sum - n.returned;
      return ["bad", added + "，比收回 " + n.returned + (off > 0 ? " 多 " : " 少 ") + Math.abs(off) + " 票。"];
    }
    return ["ok", "对得上：" + added + " = 收回 " + n.returned + "。"];
  }

  function check(pile) {
    var place = pile.querySelector("[data-check]");
    var n = counts(pile);
    place.hidden = !n.typed;
    var told = verdict(n);
    place.className = "tally-check " + told[0];
    if (place.textContent !== told[1]) { place.textContent = told[1]; }
  }

  function checkAll() {
    var piles = form.querySelectorAll("[data-pile]");
    for (var i = 0; i < piles.length; i += 1) {
      if (piles[i].tagName === "FIELDSET") { check(piles[i]); }
    }
  }

  /* Enter goes on to the next number, as on paper; only from the last one it submits. */
  function onKey(event) {
    if (event.key !== "Enter" || event.isComposing || !event.target.hasAttribute("data-part")) { return; }
    var inputs = Array.prototype.slice.call(form.querySelectorAll("input[data-part], #id_held_on, #id_counting_staff"));
    var next = inputs[inputs.indexOf(event.target) + 1];
    if (next) { event.preventDefault(); next.focus(); if (next.select) { next.select(); } }
  }

  form.addEventListener("input", checkAll);
  form.addEventListener("keydown", onKey);
  checkAll();
})();
