/* Finding a name in a long list of choices. Without this file the whole list is there to tick.
   Written for Chromium 86: classic script, no modules. */
(function () {
  "use strict";

  function narrow(box) {
    var list = document.getElementById(box.getAttribute("data-narrow"));
    var wanted = box.value.trim().toLowerCase();
    var choices = list.querySelectorAll(".choice");
    for (var i = 0; i < choices.length; i += 1) {
      var kept = choices[i].querySelector("input").checked;
      choices[i].hidden = !kept && choices[i].textContent.toLowerCase().indexOf(wanted) < 0;
    }
  }

  var boxes = document.querySelectorAll("[data-narrow]");
  for (var i = 0; i < boxes.length; i += 1) {
    boxes[i].hidden = document.querySelectorAll("#" + boxes[i].getAttribute("data-narrow") + " .choice").length < 8;
    boxes[i].addEventListener("input", function (event) { narrow(event.target); });
    boxes[i].addEventListener("keydown", function (event) { if (event.key === "Enter") { event.preventDefault(); } });
  }

  /* 全部支部 stands for each of them. */
  var all = document.getElementById("id_everywhere");
  if (all) {
    all.addEventListener("change", function () {
      var rest = document.querySelectorAll("#id_files input[name=files]");
      for (var i = 0; i < rest.length; i += 1) { rest[i].disabled = all.checked; }
    });
  }
})();
