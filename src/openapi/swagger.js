// Sets up the Swagger page: a form signs in once, the session outlives a reload of the tab, and the
// access token is renewed before it expires.
"use strict";

const API = "/api/v1";
const STORAGE_KEY = "stockroom.session";
// A token with less time left is renewed first, so that it is still valid when it arrives.
const MARGIN_MS = 30_000;

// The session of this tab. Session storage ends with the tab, and other tabs do not see it.
const session = {
    read() {
        return JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null");
    },
    keep(answer) {
        const { access_token, refresh_token, user } = answer;
        const expires_at = Date.now() + answer.expires_in * 1000;
        sessionStorage.setItem(STORAGE_KEY, JSON.stringify({ access_token, refresh_token, expires_at, email: user.email }));
        show();
    },
    end() {
        sessionStorage.removeItem(STORAGE_KEY);
        show();
    },
};

async function post(path, body) {
    const response = await fetch(API + path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
    });
    const answer = response.status === 204 ? null : await response.json();
    if (!response.ok) {
        throw Object.assign(new Error(answer.detail), { status: response.status });
    }
    return answer;
}

// A refresh token can be used once, so requests that run at the same time wait for one renewal.
let renewal = null;

async function accessToken() {
    const current = session.read();
    if (!current || current.expires_at - Date.now() > MARGIN_MS) {
        return current?.access_token;
    }
    renewal ??= renew(current).finally(() => {
        renewal = null;
    });
    await renewal;
    return session.read()?.access_token;
}

async function renew({ refresh_token }) {
    try {
        session.keep(await post("/auth/refresh", { refresh_token }));
    } catch (error) {
        // Only the server's refusal ends the session. Without an answer the next request tries again.
        if (error.status === 401) {
            session.end();
            form.message.textContent = "The session has ended. Sign in again.";
        }
    }
}

async function signIn(event) {
    event.preventDefault();
    form.message.textContent = "";
    try {
        session.keep(await post("/auth/login", { email: form.email.value, password: form.password.value }));
        form.password.value = "";
    } catch (error) {
        form.message.textContent = error.message;
    }
}

async function signOut() {
    const { refresh_token } = session.read();
    session.end();
    await post("/auth/logout", { refresh_token }).catch(error => {
        form.message.textContent = error.message;
    });
}

function element(tag, properties, ...children) {
    const created = Object.assign(document.createElement(tag), properties);
    created.append(...children);
    return created;
}

// The bar above the operations.
const form = {
    email: element("input", { type: "email", name: "email", autocomplete: "username", required: true }),
    password: element("input", { type: "password", name: "password", autocomplete: "current-password", required: true }),
    message: element("output", { className: "message" }),
    account: element("strong", { className: "account" }),
};
form.signedOut = element(
    "form",
    { onsubmit: signIn },
    element("label", {}, "E-mail", form.email),
    element("label", {}, "Password", form.password),
    element("button", { type: "submit" }, "Sign in"),
);
form.signedIn = element(
    "div",
    {},
    form.account,
    element("button", { type: "button", onclick: signOut }, "Sign out"),
);

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
    .session { position: sticky; top: 0; z-index: 10; padding: 10px 20px; background: #1b1b1b; color: #fff; font: 14px sans-serif; }
    .session form, .session div { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; }
    .session [hidden] { display: none; }
    .session label { display: flex; gap: 8px; align-items: center; }
    .session input { padding: 5px 8px; border: 1px solid #888; border-radius: 4px; }
    .session button { padding: 5px 14px; border: 0; border-radius: 4px; background: #49cc90; color: #1b1b1b; font-weight: bold; cursor: pointer; }
    .session .message { color: #ffb3b3; }
    .session .message:not(:empty) { display: block; padding-top: 8px; }
`);

// Shows the session in the bar and in the locks of the operations.
function show() {
    const current = session.read();
    form.signedIn.hidden = !current;
    form.signedOut.hidden = Boolean(current);
    form.account.textContent = current ? `Signed in as ${current.email}` : "";
    const scheme = window.ui?.specSelectors.securityDefinitions()?.findKey(one => one.get("scheme") === "bearer");
    if (!scheme) {
        return; // The document is not loaded yet; this is called again when it is.
    }
    if (current) {
        window.ui.preauthorizeApiKey(scheme, current.access_token);
    } else if (window.ui.authSelectors.authorized().has(scheme)) {
        window.ui.authActions.logout([scheme]);
    }
}

// Adds the session's token to a request to the API. Without a session, the token of the Authorize dialog is used.
async function authorize(request) {
    const { origin, pathname } = new URL(request.url, location.href);
    if (session.read() && origin === location.origin && pathname.startsWith(API)) {
        const token = await accessToken();
        if (token) {
            request.headers.Authorization = `Bearer ${token}`;
        } else {
            delete request.headers.Authorization;
        }
    }
    return request;
}

window.addEventListener("load", () => {
    document.title = "Stockroom API";
    document.adoptedStyleSheets = [sheet];
    document.body.prepend(element("header", { className: "session" }, form.signedOut, form.signedIn, form.message));
    window.ui = SwaggerUIBundle({
        url: "/openapi.json",
        dom_id: "#swagger-ui",
        deepLinking: true,
        docExpansion: "list",
        defaultModelsExpandDepth: 0,
        displayRequestDuration: true,
        filter: true,
        tryItOutEnabled: true,
        validatorUrl: null,
        requestInterceptor: authorize,
        onComplete: show,
    });
    show();
});
