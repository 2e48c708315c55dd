/* One branch's sheet: the sum as it is typed, and how much is still to be filled. The server checks everything again. */
(function () {
  "use strict";

  var form = document.querySelector("[data-sheet]");
  var values = window.gridValues;
  if (!form || !values) { return; }
  var lines = Array.prototype.slice.call(form.querySelectorAll("[data-line]"));
  var changed = false;

  function draw() {
    var sum = 0;
    var any = false;
    var left = 0;
    lines.forEach(function (line) {
      var full = parseInt(line.dataset.full, 10);
      var reason = line.querySelector('input[name^="reason-"]');
      var found = values.read(line.querySelector('input[name^="points-"]').value, full, 1);
      if (found.points === null || found.fault) { left += 1; return; }
      any = true;
      sum += found.points;
      if (reason) {
        reason.placeholder = found.points < full ? "扣 " + values.show(full - found.points) + " 分，写明事由" : "";
        if (found.points < full && !reason.value.trim()) { left += 1; }
      }
    });
    form.querySelector("[data-sum]").textContent = any ? values.show(sum) : "—";
    var place = form.querySelector("[data-left]");
    if (place) { place.textContent = left ? "还差 " + left + " 处" : "填齐了"; }
  }

  form.addEventListener("input", function () { changed = true; draw(); });
  form.addEventListener("submit", function () { changed = false; });
  window.addEventListener("beforeunload", function (event) {
    if (changed) { event.preventDefault(); event.returnValue = ""; }
  });
  draw();
}());
