/* The two popovers of the score grid: why fewer points, and what to do when two people wrote the same cell. */
(function () {
  "use strict";

  var open = null;

  function make(className, label) {
    close();
    var box = document.createElement("div");
    box.className = "popover " + className;
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", label);
    document.getElementById("main").appendChild(box);
    open = box;
    return box;
  }

  function close() {
    if (open) { open.remove(); open = null; }
  }

  /* Below the cell, above it where there is no room; never outside the window. */
  function place(box, td) {
    var at = td.getBoundingClientRect();
    var width = box.offsetWidth;
    var height = box.offsetHeight;
    var left = Math.max(8, Math.min(at.left + 12, document.documentElement.clientWidth - width - 8));
    var top = at.bottom + 2 + height > window.innerHeight ? at.top - height - 2 : at.bottom + 2;
    box.style.left = left + window.pageXOffset + "px";
    box.style.top = Math.max(4, top) + window.pageYOffset + "px";
  }

  function element(name, className, words) {
    var made = document.createElement(name);
    if (className) { made.className = className; }
    if (words !== undefined) { made.textContent = words; }
    return made;
  }

  function key(words, key) {
    var span = element("span");
    span.appendChild(element("kbd", "", key));
    span.appendChild(document.createTextNode(" " + words));
    return span;
  }

  /* options: title, value, recent, done(words), left() */
  function reason(td, options) {
    var box = make("reason-popover", options.title);
    var body = element("div", "popover-body");
    var label = element("label", "", "");
    label.htmlFor = "grid-reason";
    label.appendChild(element("b", "", options.title));
    var input = element("input", "input");
    input.id = "grid-reason";
    input.maxLength = 200;
    input.autocomplete = "off";
    input.value = options.value || "";
    body.appendChild(label);
    body.appendChild(input);
    box.appendChild(body);
    var list = element("ul", "option-list reason-list");
    var choices = options.recent.map(function (words, place) {
      var item = element("li");
      var button = element("button", "reason-choice");
      button.type = "button";
      button.tabIndex = -1;
      button.appendChild(element("kbd", "", String(place + 1)));
      button.appendChild(document.createTextNode(" " + words));
      button.addEventListener("mousedown", function (event) { event.preventDefault(); });
      button.addEventListener("click", function () { finish(words); });
      item.appendChild(button);
      list.appendChild(item);
      return { words: words, button: button };
    });
    if (choices.length) { box.appendChild(list); }
    var foot = element("div", "popover-foot");
    foot.appendChild(key("记下，下一行", "Enter"));
    if (choices.length) { foot.appendChild(key("选近期", "↓")); }
    foot.appendChild(key("先不写", "Esc"));
    box.appendChild(foot);
    var chosen = -1;
    var over = false;

    function finish(words) { if (!over) { over = true; close(); options.done(words); } }
    function leave() { if (!over) { over = true; close(); options.left(input.value.trim()); } }

    input.addEventListener("keydown", function (event) {
      if (event.isComposing) { return; }
      var step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (step && choices.length) {
        event.preventDefault();
        chosen = Math.max(0, Math.min(choices.length - 1, chosen + step));
        choices.forEach(function (one, place) { one.button.classList.toggle("chosen", place === chosen); });
        input.value = choices[chosen].words;
      } else if (/^[1-3]$/.test(event.key) && input.value === "" && choices[event.key - 1]) {
        event.preventDefault();
        input.value = choices[event.key - 1].words;
      } else if (event.key === "Enter" || event.key === "Tab") {
        event.preventDefault();
        if (input.value.trim()) { finish(input.value.trim()); } else { leave(); }
      } else if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        input.value = "";
        leave();
      }
    });
    input.addEventListener("blur", function () { window.setTimeout(function () { if (open === box) { leave(); } }, 0); });
    place(box, td);
    input.focus();
    input.select();
  }

  /* options: title, mine, theirs, by, at, take(useMine) */
  function conflict(td, options) {
    var box = make("conflict-popover", options.title + "，同时改了");
    var head = element("div", "line-between");
    head.appendChild(element("b", "warn", options.title));
    head.appendChild(element("span", "warn", "同时改了"));
    box.appendChild(head);
    function row(value, who, words, mine) {
      var line = element("div", "choice-row");
      line.appendChild(element("b", "", value === "" ? "空" : value));
      line.appendChild(element("span", "", who));
      var button = element("button", "button row", words);
      button.type = "button";
      button.addEventListener("click", function () { close(); options.take(mine); });
      line.appendChild(button);
      box.appendChild(line);
      return button;
    }
    var by = options.by || "别人";
    var first = row(options.mine, "你", "用我的", true);
    row(options.theirs, by + (options.at ? "，" + options.at : ""), "用" + by + "的", false);
    box.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); td.focus(); }
    });
    place(box, td);
    first.focus();
  }

  window.gridPopovers = { reason: reason, conflict: conflict, close: close, isOpen: function () { return Boolean(open); } };
}());
