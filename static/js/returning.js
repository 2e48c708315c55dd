/* 退回: common reasons are added to what is written; without scripts their links fill an empty field. */
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    var phrase = event.target.closest("[data-phrase]");
    var field = document.getElementById("id_note");
    if (!phrase || !field) { return; }
    event.preventDefault();
    var held = field.value.trim();
    field.value = (held ? held.replace(/[。；]$/, "") + "；" : "") + phrase.getAttribute("data-phrase");
    field.focus();
  });
  document.addEventListener("change", function (event) {
    var choice = event.target.closest("[data-returning] .choice");
    if (choice) { choice.classList.toggle("chosen", event.target.checked); }
  });
})();
