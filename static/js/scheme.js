/* The editor of a scheme: sums as one types, thresholds by arrows, what is not saved yet. Everything works without it.
   Written for Chromium 86: classic script, no modules. */
(function () {
  "use strict";

  var FULL = 10000;

  /* Text as whole hundredths; null when it is no number. */
  function hundredths(text) {
    var plain = text.replace(/[０-９．]/g, function (mark) {
      return mark === "．" ? "." : String.fromCharCode(mark.charCodeAt(0) - 0xfee0);
    }).replace(/[%％\s]/g, "");
    var found = /^(\d{1,5})(?:\.(\d{1,2}))?$/.exec(plain);
    return found ? Number(found[1]) * 100 + Number(((found[2] || "") + "00").slice(0, 2)) : null;
  }

  function written(value) {
    var text = Math.floor(value / 100) + "." + ("0" + (value % 100)).slice(-2);
    return text.replace(/\.?0+$/, "");
  }

  function values(form, mark) {
    return Array.prototype.map.call(form.querySelectorAll("[data-" + mark + "]"), function (input) {
      return hundredths(input.value) || 0;
    });
  }

  function sum(list) { return list.reduce(function (a, b) { return a + b; }, 0); }

  function tell(form, mark, words, right) {
    var place = form.querySelector("[" + mark + "]");
    if (!place) { return; }
    place.textContent = words;
    place.classList.toggle("ok", right);
    place.classList.toggle("bad", !right);
  }

  function shape(name, attributes) {
    var node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes).forEach(function (key) { node.setAttribute(key, String(attributes[key])); });
    return node;
  }

  /* The bar of weights: what is over 100% hangs hatched beyond the mark. */
  function drawWeights(form, weights) {
    var bar = form.querySelector("[data-weights] svg");
    if (!bar) { return; }
    var width = Number(bar.getAttribute("width"));
    var total = sum(weights);
    var mark = total > FULL ? Math.floor(width * FULL / total) : width;
    var passed = 0;
    bar.textContent = "";
    bar.setAttribute("aria-label", "加总 " + written(total) + "%");
    weights.forEach(function (share, number) {
      var start = Math.floor(mark * Math.min(passed, FULL) / FULL);
      passed += share;
      var end = Math.floor(mark * Math.min(passed, FULL) / FULL);
      if (end > start) {
        bar.appendChild(shape("rect", { x: start, width: end - start, height: 18, "class": "source-" + number % 6 }));
        if (start) { bar.appendChild(shape("path", { d: "M" + start + " 0v18", stroke: "#fff", "stroke-width": 1 })); }
      }
    });
    if (total > FULL) {
      bar.appendChild(shape("rect", { x: mark, width: width - mark, height: 18, fill: "url(#fill-over)" }));
      bar.appendChild(shape("path", { d: "M" + mark + " -2v24", "class": "tick" }));
    }
  }

  function addUp(form) {
    if (form.id === "part-sectors") {
      var points = sum(values(form, "points"));
      tell(form, "data-points-sum", "加总 " + written(points), points === FULL);
    }
    if (form.id === "part-sources") {
      var weights = values(form, "weight");
      tell(form, "data-weights-sum", "加总 " + written(sum(weights)) + "%", sum(weights) === FULL);
      drawWeights(form, weights);
    }
  }

  function markUnsaved(form) {
    form.setAttribute("data-changed", "1");
    var words = form.querySelector("[data-unsaved]");
    if (words) { words.textContent = "有改动，还没有保存"; words.classList.add("warn"); }
  }

  function onInput(event) {
    var form = event.target.closest("[data-part]");
    if (!form) { return; }
    markUnsaved(form);
    addUp(form);
    if (event.target.tagName === "TEXTAREA") { fit(event.target); }
  }

  /* Arrows move a threshold by one point; the line is drawn again by the server. */
  var waiting = null;

  function onArrow(event) {
    var input = event.target;
    if (!input.hasAttribute || !input.hasAttribute("data-step") || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) { return; }
    var value = hundredths(input.value);
    if (value === null) { return; }
    event.preventDefault();
    input.value = written(Math.max(0, value + (event.key === "ArrowUp" ? 100 : -100)));
    markUnsaved(input.form);
    redrawSoon(input.form);
  }

  function redrawSoon(form) {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(function () { redraw(form); }, 250);
  }

  function redraw(form) {
    var data = new FormData(form);
    data.set("act", "show");
    window.fetch(form.getAttribute("hx-post"), { method: "POST", body: data, headers: { "HX-Request": "true" } })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(function (text) {
        var fresh = new DOMParser().parseFromString(text, "text/html").querySelector("#band-line");
        var line = document.getElementById("band-line");
        if (fresh && line) { line.textContent = ""; Array.prototype.slice.call(fresh.childNodes).forEach(function (node) { line.appendChild(document.importNode(node, true)); }); }
      })
      .catch(function () { /* the line is an extra; saving says when the network is gone */ });
  }

  function onChange(event) {
    if (event.target.hasAttribute("data-step")) { redrawSoon(event.target.form); }
  }

  function fit(area) {
    if (!area.classList.contains("hints-input")) { return; }
    area.rows = 1;
    area.rows = Math.max(1, Math.min(4, Math.round((area.scrollHeight - 8) / 22)));
  }

  function openAround(hash) {
    var target = hash.length > 1 ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
    if (!target) { return; }
    for (var box = target.closest("details"); box; box = box.parentElement.closest("details")) { box.open = true; }
    var next = target.nextElementSibling;
    if (target.matches(".scheme-row") && next && next.matches("details") && target.querySelector("[aria-invalid]") === null) { next.open = true; }
    var field = target.matches("input, select, textarea") ? target : target.querySelector("[aria-invalid='true']");
    if (field) { field.focus(); field.scrollIntoView({ block: "center" }); }
  }

  function onClick(event) {
    var link = event.target.closest(".error-summary a, #scheme-actions a[aria-disabled]");
    if (!link || !link.hash) { return; }
    var here = window.location.search === link.search || !link.search;
    if (!here || !document.getElementById(link.hash.slice(1))) {
      if (link.hasAttribute("aria-disabled")) { window.location.href = link.href; }
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    window.history.replaceState(null, "", link.hash);
    openAround(link.hash);
  }

  function unsavedParts() { return document.querySelectorAll("[data-part][data-changed]").length; }

  window.addEventListener("beforeunload", function (event) {
    if (unsavedParts()) { event.preventDefault(); event.returnValue = ""; }
  });
  document.addEventListener("submit", function (event) {
    if (event.target.hasAttribute("data-part")) { event.target.removeAttribute("data-changed"); }
  }, true);
  document.addEventListener("htmx:afterSwap", function (event) {
    var fresh = event.detail.target && event.detail.target.id ? document.getElementById(event.detail.target.id) : null;
    if (!fresh || !fresh.hasAttribute("data-part")) { return; }
    var words = fresh.querySelector("[data-unsaved]");
    if (words && words.textContent.indexOf("没有保存") >= 0) { markUnsaved(fresh); }
    var bad = fresh.querySelector(".scheme-fault");
    if (bad && bad.previousElementSibling) { (bad.previousElementSibling.querySelector("input") || bad.previousElementSibling).focus(); }
  });
  /* What another section's saving would draw anew stays as it is while something in it is not saved. */
  document.addEventListener("htmx:oobBeforeSwap", function (event) {
    if (event.detail.target.matches("[data-part][data-changed]")) { event.detail.shouldSwap = false; }
  });
  document.addEventListener("input", onInput);
  document.addEventListener("change", onInput);
  document.addEventListener("change", onChange);
  document.addEventListener("keydown", onArrow);
  document.addEventListener("click", onClick, true);
  document.addEventListener("DOMContentLoaded", function () {
    openAround(window.location.hash);
    Array.prototype.forEach.call(document.querySelectorAll(".hints-input"), fit);
  });
})();
