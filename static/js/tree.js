/* The tree of organisations: keys, lazy opening. Without it every name is a link that opens its own level. */
(function () {
  "use strict";

  var typed = "";
  var typedAt = 0;

  function items(tree) { return Array.prototype.slice.call(tree.querySelectorAll('[role="treeitem"]')); }

  function visible(tree) {
    return items(tree).filter(function (item) {
      var above = item.parentElement.closest('[role="treeitem"]');
      while (above) {
        if (above.getAttribute("aria-expanded") === "false") { return false; }
        above = above.parentElement.closest('[role="treeitem"]');
      }
      return true;
    });
  }

  function link(item) { return item.querySelector(".node a"); }

  /* One stop for the Tab key: the item last stood on; inside, arrows. */
  function rove(tree, item) {
    items(tree).forEach(function (each) {
      each.setAttribute("tabindex", each === item ? "0" : "-1");
      link(each).setAttribute("tabindex", "-1");
    });
  }

  function stand(tree, item) {
    if (!item) { return; }
    rove(tree, item);
    item.focus();
    item.querySelector(".node").scrollIntoView({ block: "nearest" });
  }

  function fetchItems(url) {
    return window.fetch(url, { credentials: "same-origin", headers: { "X-Requested-With": "tree" } }).then(function (answer) {
      if (!answer.ok || answer.redirected) { throw new Error(String(answer.status)); }
      return answer.text();
    });
  }

  function failed() { window.shell.notice("warn", "下级组织没有取到，请再试一次。", "net-notice"); }

  function ready(tree, place) {
    Array.prototype.forEach.call(place.querySelectorAll(".node a"), function (a) { a.setAttribute("tabindex", "-1"); });
    Array.prototype.forEach.call(place.querySelectorAll('[role="treeitem"]'), function (item) {
      if (!item.hasAttribute("tabindex")) { item.setAttribute("tabindex", "-1"); }
    });
    if (window.htmx) { window.htmx.process(place); }
  }

  function open(tree, item) {
    if (item.getAttribute("aria-expanded") !== "false" || item.getAttribute("aria-busy") === "true") { return; }
    var group = item.querySelector('[role="group"]');
    if (group) { group.hidden = false; item.setAttribute("aria-expanded", "true"); return; }
    item.setAttribute("aria-busy", "true");
    fetchItems(item.getAttribute("data-children")).then(function (words) {
      group = document.createElement("ul");
      group.setAttribute("role", "group");
      group.innerHTML = words;
      item.appendChild(group);
      ready(tree, group);
      item.setAttribute("aria-expanded", "true");
    }).catch(failed).then(function () { item.removeAttribute("aria-busy"); });
  }

  function close(item) {
    var group = item.querySelector('[role="group"]');
    if (group) { group.hidden = true; }
    item.setAttribute("aria-expanded", "false");
  }

  /* 再显示: the next portion takes the place of the line that asked for it. */
  function more(tree, item) {
    if (item.getAttribute("aria-busy") === "true") { return; }
    item.setAttribute("aria-busy", "true");
    fetchItems(item.getAttribute("data-more")).then(function (words) {
      var group = item.parentElement;
      var holder = document.createElement("ul");
      holder.innerHTML = words;
      var first = holder.querySelector('[role="treeitem"]');
      while (holder.firstChild) { group.insertBefore(holder.firstChild, item); }
      item.remove();
      ready(tree, group);
      stand(tree, first);
    }).catch(function () { item.removeAttribute("aria-busy"); failed(); });
  }

  function choose(tree, item) {
    if (item.hasAttribute("data-more")) { more(tree, item); return; }
    link(item).click();
  }

  function mark(tree, item) {
    items(tree).forEach(function (each) { each.setAttribute("aria-selected", each === item ? "true" : "false"); });
    rove(tree, item);
  }

  function jump(tree, list, here, letter) {
    var now = Date.now();
    typed = now - typedAt < 700 ? typed + letter : letter;
    typedAt = now;
    var words = typed.toLowerCase();
    var start = typed.length > 1 ? here : here + 1;
    for (var i = 0; i < list.length; i += 1) {
      var item = list[(start + i) % list.length];
      var name = link(item).textContent.trim().toLowerCase();
      var initials = item.getAttribute("data-pinyin") || "";
      if (name.indexOf(words) === 0 || initials.indexOf(words) === 0) { stand(tree, item); return; }
    }
  }

  function onKey(event) {
    var item = event.target.closest('[role="treeitem"]');
    var tree = event.currentTarget;
    if (!item || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) { return; }
    var list = visible(tree);
    var here = list.indexOf(item);
    var expanded = item.getAttribute("aria-expanded");
    var parent = item.parentElement.closest('[role="treeitem"]');
    if (event.key === "ArrowDown") { stand(tree, list[here + 1]); }
    else if (event.key === "ArrowUp") { stand(tree, list[here - 1]); }
    else if (event.key === "Home") { stand(tree, list[0]); }
    else if (event.key === "End") { stand(tree, list[list.length - 1]); }
    else if (event.key === "ArrowRight" && expanded === "false") { open(tree, item); }
    else if (event.key === "ArrowRight" && expanded === "true") { stand(tree, list[here + 1]); }
    else if (event.key === "ArrowLeft" && expanded === "true") { close(item); }
    else if (event.key === "ArrowLeft") { stand(tree, parent); }
    else if (event.key === "Enter" || event.key === " ") { choose(tree, item); }
    else if (event.key.length === 1 && event.key !== "/") { jump(tree, list, here, event.key); }
    else { return; }
    event.preventDefault();
    event.stopPropagation();
  }

  function onClick(event) {
    var tree = event.currentTarget;
    var item = event.target.closest('[role="treeitem"]');
    if (!item) { return; }
    if (event.target.closest(".toggle")) {
      if (item.getAttribute("aria-expanded") === "true") { close(item); } else { open(tree, item); }
      rove(tree, item);
      return;
    }
    if (event.target.closest("a") && !event.ctrlKey && !event.metaKey && event.button === 0) {
      if (item.hasAttribute("data-more")) { event.preventDefault(); more(tree, item); return; }
      mark(tree, item);
      open(tree, item);
    }
  }

  document.addEventListener("DOMContentLoaded", function () {
    Array.prototype.forEach.call(document.querySelectorAll("[data-tree]"), function (tree) {
      var current = tree.querySelector('[aria-selected="true"]') || tree.querySelector('[role="treeitem"]');
      if (!current) { return; }
      rove(tree, current);
      tree.addEventListener("keydown", onKey);
      tree.addEventListener("click", onClick);
      current.querySelector(".node").scrollIntoView({ block: "nearest" });
    });
  });
})();
