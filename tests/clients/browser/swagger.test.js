// Opens the Swagger page in a headless Chromium: signs in once, reloads, and calls operations.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { chromium } from "playwright-core";

const base = process.env.BASE_URL;
const screenshots = process.env.SCREENSHOTS;
// The policy that the test enforces, even if the server sends none: the strict policy of the server.
const policy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";
const timeout = 60_000;

let folder, context, page, faults;

before(async () => {
    folder = await mkdtemp(join(tmpdir(), "stockroom-browser-"));
    context = await chromium.launchPersistentContext(folder, {
        executablePath: process.env.CHROMIUM,
        args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
        viewport: { width: 1280, height: 1000 },
    });
    context.setDefaultTimeout(timeout);
});

after(async () => {
    await context?.close();
    await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
    await page?.close();
    page = await context.newPage();
    faults = [];
    page.on("pageerror", error => faults.push(String(error)));
    page.on("console", message => message.type() === "error" && faults.push(message.text()));
    await page.route("**/docs/index.html", async route => {
        const response = await route.fetch();
        await route.fulfill({ response, headers: { ...response.headers(), "content-security-policy": policy } });
    });
    await page.goto(`${base}/`);
    await page.waitForSelector(".opblock");
});

async function signIn(password = "stockroom-demo") {
    await page.fill("input[name=email]", "customer@example.com");
    await page.fill("input[name=password]", password);
    await page.click("text=Sign in");
}

const signedIn = () => page.waitForSelector("text=Signed in as customer@example.com");

// Executes an operation by its method and path, and gives the status of its answer. The clicks are sent as events:
// a pointer would wait until the page, with all its operations, has not moved for two frames, and a headless browser
// on a busy machine may draw none.
async function execute(method, path) {
    const operation = page.locator(`.opblock-${method}`, {
        has: page.locator(`.opblock-summary-path[data-path="${path}"]`),
    });
    if ((await operation.locator(".execute").count()) === 0) {
        await operation.locator(".opblock-summary-control").dispatchEvent("click");
    }
    const answer = page.waitForResponse(response => new URL(response.url()).pathname === `/api/v1${path}`);
    const click = () => operation.locator(".execute").dispatchEvent("click");
    // The page may replace the button at the moment of a click, which is lost then.
    const again = setInterval(() => click().catch(() => {}), 10_000);
    await click();
    const status = (await answer.finally(() => clearInterval(again))).status();
    await operation.locator(`.live-responses-table td:has-text("${status}")`).first().waitFor();
    return status;
}

test("a browser is led from the root to the page, and the page loads without a fault", async () => {
    assert.equal(new URL(page.url()).pathname, "/docs/index.html");
    await page.waitForSelector("input[name=email]");
    if (screenshots) {
        await page.screenshot({ path: join(screenshots, "signed-out.png") });
    }
    assert.deepEqual(faults, []);
});

test("a wrong password shows the server's message", async () => {
    await signIn("not-the-password");
    await page.waitForFunction(() => document.querySelector(".session .message").textContent !== "");
    assert.equal(await page.locator("input[name=email]").isVisible(), true);
});

test("one sign-in is enough for all operations, and for those after a reload", async () => {
    assert.equal(await execute("get", "/auth/me"), 401);
    await signIn();
    await signedIn();
    assert.equal(await execute("get", "/auth/me"), 200);
    await page.reload();
    await signedIn();
    assert.equal(await execute("get", "/cart"), 200);
    if (screenshots) {
        await page.screenshot({ path: join(screenshots, "signed-in.png") });
    }
    await page.click("text=Sign out");
    await page.waitForSelector("input[name=email]");
    assert.equal(await execute("get", "/cart"), 401);
});

test("a token that is about to expire is renewed before it is used", async () => {
    await signIn();
    await signedIn();
    const before = await page.evaluate(() => {
        const session = JSON.parse(sessionStorage.getItem("stockroom.session"));
        sessionStorage.setItem("stockroom.session", JSON.stringify({ ...session, expires_at: Date.now() }));
        return session.refresh_token;
    });
    assert.equal(await execute("get", "/auth/me"), 200);
    const after = await page.evaluate(() => JSON.parse(sessionStorage.getItem("stockroom.session")).refresh_token);
    assert.notEqual(after, before);
});

test("a session that the server has ended shows the form again", async () => {
    await signIn();
    await signedIn();
    await page.evaluate(async () => {
        const session = JSON.parse(sessionStorage.getItem("stockroom.session"));
        sessionStorage.setItem("stockroom.session", JSON.stringify({ ...session, expires_at: Date.now() }));
        await fetch("/api/v1/auth/logout", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ refresh_token: session.refresh_token }),
        });
    });
    assert.equal(await execute("get", "/auth/me"), 401);
    await page.waitForSelector("text=The session has ended");
});
