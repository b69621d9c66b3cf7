"use strict";

// The token is after the # of the address, which browsers send to no server. It leaves the address at once, so
// that it is in no history.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname);

const form = document.getElementById("form");
const password = document.getElementById("password");
const again = document.getElementById("again");
const send = document.getElementById("send");
const message = document.getElementById("message");

if (token) {
    form.hidden = false;
} else {
    message.textContent = "This link is not complete. Open the link from the mail, or ask for a new one.";
}

form.addEventListener("submit", async event => {
    event.preventDefault();
    if (password.value !== again.value) {
        message.textContent = "The two passwords are not the same.";
        return;
    }
    send.disabled = true;
    message.textContent = "";
    try {
        const answer = await fetch("api/v1/auth/password/reset", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ token, new_password: password.value }),
        });
        if (answer.ok) {
            form.hidden = true;
            message.textContent = "The password was changed. Sign in with the new one.";
        } else {
            message.textContent = explain(await answer.json());
        }
    } catch {
        message.textContent = "The server could not be reached. Try again in a moment.";
    }
    send.disabled = false;
});

function explain(problem) {
    const wrong = (problem.errors ?? []).find(error => error.field === "new_password");
    return wrong ? `The password ${wrong.message}.` : problem.detail;
}
