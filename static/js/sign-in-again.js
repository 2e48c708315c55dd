/* 登录已超时: signs in again on the same page, so that nothing entered is lost. */
(function () {
  "use strict";

  var waiting = null;

  function tokenIn(text) {
    var found = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(text);
    return found ? found[1] : "";
  }

  function useToken(token) {
    if (!token) { return; }
    var inputs = document.querySelectorAll('input[name="csrfmiddlewaretoken"]');
    for (var i = 0; i < inputs.length; i += 1) { inputs[i].value = token; }
  }

  function labelled(form, name, words, type, kept) {
    var field = document.createElement("div");
    field.className = "field";
    var label = document.createElement("label");
    label.htmlFor = "again-" + name;
    label.textContent = words;
    var input = document.createElement("input");
    input.className = "input";
    input.id = "again-" + name;
    input.name = name;
    input.type = type;
    input.required = true;
    input.autocomplete = name === "password" ? "current-password" : "username";
    if (kept) { input.value = kept; input.readOnly = true; }
    field.appendChild(label);
    field.appendChild(input);
    form.appendChild(field);
    return input;
  }

  function draw(signInUrl, username) {
    var dialog = document.createElement("dialog");
    dialog.className = "again-dialog";
    dialog.setAttribute("aria-labelledby", "again-title");
    var title = document.createElement("h2");
    title.id = "again-title";
    title.textContent = "登录已超时，填的内容还在本页";
    var form = document.createElement("form");
    form.setAttribute("data-again", "");
    form.action = signInUrl;
    form.method = "post";
    dialog.appendChild(title);
    dialog.appendChild(form);
    labelled(form, "username", "用户名", "text", username);
    labelled(form, "password", "密码", "password", "");
    var fault = document.createElement("p");
    fault.className = "fault";
    fault.setAttribute("role", "alert");
    form.appendChild(fault);
    var button = document.createElement("button");
    button.className = "button main wide";
    button.type = "submit";
    button.textContent = "重新登录，接着填";
    form.appendChild(button);
    document.body.appendChild(dialog);
    return { dialog: dialog, form: form, fault: fault };
  }

  function send(form, signInUrl) {
    return fetch(signInUrl, { credentials: "same-origin" })
      .then(function (response) { return response.text(); })
      .then(function (text) {
        var body = new FormData(form);
        body.append("csrfmiddlewaretoken", tokenIn(text));
        return fetch(signInUrl, { method: "POST", body: body, credentials: "same-origin" });
      })
      .then(function (response) {
        return response.text().then(function (text) {
          return { signedIn: response.ok && response.redirected, text: text };
        });
      });
  }

  function askSignIn() {
    if (waiting) { return waiting; }
    var signInUrl = document.body.getAttribute("data-sign-in") || "/sign-in/";
    var drawn = draw(signInUrl, document.body.getAttribute("data-username") || "");
    waiting = new Promise(function (resolve) {
      drawn.form.addEventListener("submit", function (event) {
        event.preventDefault();
        send(drawn.form, signInUrl).then(function (answer) {
          if (!answer.signedIn) { drawn.fault.textContent = "用户名或密码不对。"; return; }
          useToken(tokenIn(answer.text));
          drawn.dialog.close();
          resolve();
        }, function () { drawn.fault.textContent = "网络断了，连上后再按一次。"; });
      });
    });
    drawn.dialog.addEventListener("close", function () { drawn.dialog.remove(); waiting = null; });
    drawn.dialog.showModal();
    drawn.form.elements[drawn.form.elements.username.readOnly ? "password" : "username"].focus();
    return waiting;
  }

  window.shell.askSignIn = askSignIn;
})();
