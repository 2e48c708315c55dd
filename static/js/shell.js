/* The frame of every page. Everything here is an extra: pages work without it.
   Written for Chromium 86: classic script, no modules. */
(function () {
  "use strict";

  /* 大字版: the cookie is what the server reads; a copy in this browser's store brings a lost cookie back. */
  function rememberLargeType() {
    try {
      var kept = window.localStorage.getItem("large_type");
      var has = /(?:^|; )large_type=([01])/.exec(document.cookie);
      if (has) { window.localStorage.setItem("large_type", has[1]); return; }
      if (kept === "1") {
        document.cookie = "large_type=1; path=/; max-age=63072000; samesite=lax";
        if (/large_type=1/.test(document.cookie)) { window.location.reload(); }
      }
    } catch (error) { /* a browser may forbid its store; the cookie alone is enough */ }
  }

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  function onKey(event) {
    if (event.isComposing) { return; }
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) {
      var box = document.querySelector('[data-hot-key="/"]');
      if (box) { event.preventDefault(); box.focus(); box.select(); }
    }
    if (event.key === "Escape") { closeTopmost(event); }
  }

  function closeTopmost(event) {
    var results = document.getElementById("search-results");
    if (results && results.innerHTML.trim()) { results.textContent = ""; event.stopPropagation(); return; }
    var menu = document.querySelector("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); return; }
    var close = document.querySelector("[data-close-drawer]");
    if (close && !event.defaultPrevented) { closeDrawer(close, event); }
  }

  /* Search results: arrows move through the links. */
  function onSearchArrows(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") { return; }
    var search = event.target.closest(".search, .tree-search");
    if (!search) { return; }
    var links = Array.prototype.slice.call(search.querySelectorAll(".option-list a, .option-list button"));
    if (!links.length) { return; }
    var here = links.indexOf(document.activeElement);
    var next = here + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    if (next < 0) { search.querySelector("input").focus(); } else { links[Math.min(next, links.length - 1)].focus(); }
  }

  function onClick(event) {
    var open = document.querySelectorAll("details.menu[open]");
    for (var i = 0; i < open.length; i += 1) {
      if (!open[i].contains(event.target)) { open[i].open = false; }
    }
    var results = document.getElementById("search-results");
    if (results && results.innerHTML && !event.target.closest(".search")) { results.textContent = ""; }
    var close = event.target.closest("[data-close-drawer]");
    if (close) { closeDrawer(close, event); }
    var refused = event.target.closest("[aria-disabled='true']");
    if (refused) { event.preventDefault(); goToFirstFault(refused); }
  }

  /* A main button that can't be pressed leads to the first place that keeps it from being pressed. */
  function goToFirstFault(button) {
    var target = document.querySelector(button.getAttribute("data-first") || '[aria-invalid="true"], .no-reason, .fault');
    if (!target) { return; }
    if (!target.matches("a, input, select, textarea, button, [tabindex]")) { target.setAttribute("tabindex", "-1"); }
    target.focus();
    target.scrollIntoView({ block: "center" });
  }

  /* Drawer: filled by htmx or by the server; closing returns the focus. */
  var opener = null;

  function fitDrawer() {
    var drawer = document.querySelector("[data-drawer]");
    document.body.classList.toggle("with-drawer", Boolean(drawer));
    return drawer;
  }

  function closeDrawer(close, event) {
    var place = document.getElementById("drawer");
    if (!opener || !place) { if (event.type === "keydown") { window.location.href = close.href; } return; }
    event.preventDefault();
    place.textContent = "";
    fitDrawer();
    if (document.contains(opener)) { opener.focus(); }
    opener = null;
  }

  /* One press, one request. */
  function guardSubmit(event) {
    var form = event.target;
    if (form.method === "get" || form.hasAttribute("data-again")) { return; }
    if (event.submitter && event.submitter.getAttribute("aria-disabled") === "true") { event.preventDefault(); return; }
    if (form.getAttribute("data-sent") === "1") { event.preventDefault(); event.stopImmediatePropagation(); return; }
    form.setAttribute("data-sent", "1");
    var button = event.submitter || form.querySelector("button[type=submit], button:not([type])");
    if (button && button.hasAttribute("data-busy")) { button.setAttribute("aria-busy", "true"); }
  }

  function releaseForms(root) {
    var sent = (root || document).querySelectorAll("form[data-sent]");
    for (var i = 0; i < sent.length; i += 1) { releaseForm(sent[i]); }
  }

  function releaseForm(form) {
    form.removeAttribute("data-sent");
    var busy = form.querySelectorAll("[aria-busy='true']");
    for (var i = 0; i < busy.length; i += 1) { busy[i].removeAttribute("aria-busy"); }
  }

  /* Faults: the summary takes the focus, so that a screen reader starts there. */
  function focusFaults(root) {
    var summary = (root || document).querySelector("[data-focus-first]");
    if (summary) { summary.focus(); }
  }

  /* Filters apply as soon as a choice is made. */
  function onChange(event) {
    var form = event.target.closest("form[data-filters]");
    if (form && event.target.tagName === "SELECT") { form.requestSubmit ? form.requestSubmit() : form.submit(); }
  }

  /* A box in a table's head ticks its whole table, never the exceptions, which stand elsewhere. */
  function onTickAll(event) {
    var all = event.target.closest("[data-tick-all]");
    var table = event.target.closest("table");
    if (!table) { return; }
    var boxes = Array.prototype.slice.call(table.querySelectorAll("tbody input[type=checkbox]:not(:disabled)"));
    if (all) { boxes.forEach(function (box) { box.checked = all.checked; }); }
    var head = table.querySelector("[data-tick-all]");
    if (!head) { return; }
    var ticked = boxes.filter(function (box) { return box.checked; }).length;
    head.checked = ticked === boxes.length;
    head.indeterminate = ticked > 0 && ticked < boxes.length;
    var told = document.querySelectorAll("[data-ticked]");
    for (var i = 0; i < told.length; i += 1) { told[i].textContent = String(ticked); }
  }

  /* Notice at the top of the page that stays until the matter is settled. */
  function notice(kind, words, id) {
    var bar = document.getElementById(id);
    if (!words) { if (bar) { bar.remove(); } return null; }
    if (!bar) {
      bar = document.createElement("div");
      bar.id = id;
      bar.setAttribute("role", "alert");
      var main = document.getElementById("main");
      main.insertBefore(bar, main.firstChild);
    }
    bar.className = "notice " + kind;
    bar.textContent = "";
    var p = document.createElement("p");
    p.textContent = words;
    bar.appendChild(p);
    return bar;
  }

  /* 登录已超时: the dialog is fetched when it is needed, and then stands in for this function. */
  var asking = null;

  function askSignIn() {
    if (asking) { return asking; }
    asking = new Promise(function (resolve) {
      var script = document.createElement("script");
      script.src = document.body.getAttribute("data-again");
      script.onload = function () { resolve(window.shell.askSignIn()); };
      script.onerror = function () { asking = null; notice("warn", "登录已超时，网络也断了。填的内容还在本页，连上后再按一次。", "net-notice"); };
      document.head.appendChild(script);
    });
    return asking;
  }

  document.addEventListener("keydown", onKey);
  document.addEventListener("keydown", onSearchArrows);
  document.addEventListener("click", onClick);
  document.addEventListener("submit", guardSubmit, true);
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) { window.print(); }
  });
  document.addEventListener("change", onChange);
  document.addEventListener("change", onTickAll);
  window.addEventListener("pageshow", function (event) { if (event.persisted) { releaseForms(); } });

  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.target && event.detail.target.id === "drawer") { opener = event.detail.elt; }
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    var form = event.detail.elt.closest ? event.detail.elt.closest("form") : null;
    if (form) { releaseForm(form); }
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    var drawer = fitDrawer();
    if (drawer && event.detail.target.id === "drawer") {
      var first = drawer.querySelector("input:not([type=hidden]), select, textarea");
      (first || drawer).focus();
    }
    focusFaults(event.detail.target);
  });
  document.addEventListener("htmx:sendError", function () {
    notice("warn", "网络断了。这一步没有存上，连上后再按一次。", "net-notice");
  });
  document.addEventListener("htmx:responseError", function (event) {
    var status = event.detail.xhr.status;
    if (status === 401) {
      window.shell.askSignIn().then(function () { notice("ok", "已重新登录。刚才那一步还没有存，请再按一次。", "net-notice"); });
      return;
    }
    notice("bad", status === 403 ? "您没有办这件事的权限。" : status === 404 ? "这条记录已经没有了，请刷新页面。" : "系统出错，这一步没有存上。请稍后再试。", "net-notice");
  });
  window.addEventListener("online", function () { notice("", "", "net-notice"); });

  rememberLargeType();
  document.addEventListener("DOMContentLoaded", function () {
    focusFaults();
    fitDrawer();
  });

  window.shell = { notice: notice, releaseForm: releaseForm, askSignIn: askSignIn };
})();
