// The harness of the tests: Chromium, a signed-in desk, and checks that every page has to pass.
//
// DESK_URL is a running desk (the server, or `npm run dev`), by default http://127.0.0.1:5101. DESK_EMAIL and DESK_PASSWORD
// are an account of its demo store. CHROMIUM is the browser.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** The address of the desk, without `/admin`. */
export const URL_OF_DESK = (process.env.DESK_URL ?? 'http://127.0.0.1:5101').replace(/\/$/, '');
const EMAIL = process.env.DESK_EMAIL ?? 'admin@example.com';
const PASSWORD = process.env.DESK_PASSWORD ?? 'stockroom-demo';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const SIZES = { desktop: { width: 1360, height: 900 }, phone: { width: 390, height: 844 } };
/** Much longer than a page needs, because tests also run on busy machines. */
const TIMEOUT_MS = 30_000;

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;
let signedIn;

/** The browser. It is started once, also for tests that run side by side. */
function launch() {
  browser ??= chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  return browser;
}

/** Closes the browser. Call it in `after()`. */
export async function closeBrowser() {
  await (await browser)?.close();
  browser = undefined;
}

/**
 * Opens a desk. Options: `device` ('desktop' or 'phone'), `scheme` ('light' or 'dark'), `isSignedIn` (true), and `account`
 * (`{ email, password }`) instead of the admin. Its `page` is Playwright's.
 */
export async function openDesk({ device = 'desktop', scheme = 'light', isSignedIn = true, account } = {}) {
  const options = {
    viewport: SIZES[device],
    colorScheme: scheme,
    hasTouch: device === 'phone',
    isMobile: device === 'phone',
    deviceScaleFactor: 1,
    locale: 'en-GB',
    storageState: isSignedIn ? await sessionOf(account) : undefined,
  };
  const context = await (await launch()).newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const desk = new Desk(context, page);
  desk.watch();
  return desk;
}

/** The cookie of a session. An account signs in once for each run, because signing in is limited to ten times a minute. */
async function sessionOf(account = { email: EMAIL, password: PASSWORD }) {
  signedIn ??= new Map();
  if (!signedIn.has(account.email)) {
    const context = await (await launch()).newContext();
    const response = await context.request.post(`${URL_OF_DESK}/api/v1/auth/session`, {
      headers: { 'X-Requested-With': 'desk-tests' },
      data: account,
    });
    assert.equal(response.status(), 200, await response.text());
    signedIn.set(account.email, await context.storageState());
    await context.close();
  }
  return signedIn.get(account.email);
}

/** Reads something again until it is what is wanted, and returns it. */
export async function until(read, isWanted) {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const answer = await read();
    if (isWanted(answer)) return answer;
    assert.ok(Date.now() < deadline, `waited too long: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Runs in the page at each frame of `settle`. Each turn of waiting begins anew. */
function isAtRest({ turn, restMs }) {
  const busy = '.mantine-Skeleton-root, .mantine-Loader-root, [aria-busy="true"], [data-loading="true"]';
  const isLoading = !document.querySelector('h1') || document.querySelector(busy) !== null || document.fonts.status !== 'loaded';
  const isMoving = document
    .getAnimations()
    .some((animation) => animation.playState === 'running' && animation.effect?.getComputedTiming().endTime !== Infinity);
  const now = performance.now();
  if (isLoading || isMoving || window.__rest?.turn !== turn) window.__rest = { turn, since: now };
  return !isLoading && !isMoving && now - window.__rest.since >= restMs;
}

export class Desk {
  /** Errors of the console, of scripts, and of requests. */
  problems = [];
  /** How often it was waited for a page at rest. */
  settled = 0;

  constructor(context, page) {
    this.context = context;
    this.page = page;
  }

  watch() {
    this.page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.problems.push(`console: ${message.text()}`);
    });
    this.page.on('pageerror', (error) => this.problems.push(`script: ${error.message}`));
    this.page.on('response', (response) => {
      if (response.status() >= 500) this.problems.push(`${response.status()} ${response.url()}`);
    });
    this.page.on('request', (request) => {
      const isOwn = request.url().startsWith(URL_OF_DESK) || /^(data|blob):/.test(request.url());
      if (!isOwn) this.problems.push(`a request to another host: ${request.url()}`);
    });
  }

  /** Opens a page of the desk, such as `/orders?status=pending`, and waits until it shows its data. */
  async visit(path, options) {
    await this.page.goto(`${URL_OF_DESK}/admin${path}`);
    await this.settle(options);
  }

  /** Opens another page as a link does, so that the desk is not loaded again. */
  async open(path, options) {
    await this.page.evaluate((to) => {
      document.querySelector('h1')?.setAttribute('data-left', '');
      window.history.pushState(null, '', to);
      window.dispatchEvent(new PopStateEvent('popstate'));
    }, `/admin${path}`);
    // The page before stays until the code of the next one is there.
    await this.page.waitForFunction(() => document.querySelector('h1:not([data-left])'));
    await this.settle(options);
  }

  /** Changes the size of the window to that of a device, and the scheme of the system. */
  async show({ device, scheme }) {
    await this.page.setViewportSize(SIZES[device]);
    await this.page.emulateMedia({ colorScheme: scheme });
  }

  /** Waits until nothing has been loading or moving for some time: a page may begin to load when its code is there. */
  async settle({ restMs = 150 } = {}) {
    this.settled += 1;
    await this.page.waitForFunction(isAtRest, { turn: this.settled, restMs });
  }

  /** Calls the API with the session of the desk, to prepare what a test needs. */
  async api(method, path, body) {
    const response = await this.context.request.fetch(`${URL_OF_DESK}/api/v1${path}`, {
      method,
      headers: { 'X-Requested-With': 'desk-tests' },
      ...(body === undefined ? {} : { data: body }),
    });
    assert.ok(response.ok(), `${method} ${path}: ${response.status()} ${await response.text()}`);
    return response.status() === 204 ? null : response.json();
  }

  /** Fails if axe finds a violation of WCAG 2.2 AA in what is shown. */
  async checkAccessibility() {
    const violations = await this.violations();
    assert.deepEqual(violations, [], `axe found violations at ${this.page.url()}`);
  }

  async violations() {
    if (!(await this.page.evaluate(() => 'axe' in globalThis))) await this.page.evaluate(axeSource);
    const { violations } = await this.page.evaluate(() =>
      globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        // What is right is not described, which is most of the work on a large page.
        resultTypes: ['violations'],
        // Menus and messages are layers over the page, outside of its landmarks.
        rules: { region: { enabled: false } },
      }),
    );
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.any[0]?.message ?? node.failureSummary}`),
    );
  }

  /** Fails if the page is wider than the screen. */
  async checkWidth() {
    const [content, screen] = await this.page.evaluate(() => [document.documentElement.scrollWidth, Math.min(window.innerWidth, window.screen.width)]);
    assert.ok(content <= screen, `the page is ${content} pixels wide on a screen of ${screen}`);
  }

  /** Fails if the console or a request had an error. Pass patterns of expected ones. */
  checkProblems(...expected) {
    const others = this.problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
    assert.deepEqual(others, []);
  }

  /** Types a code as a scanner does: quickly, and with Enter at the end. */
  async scan(code) {
    // Each key carries the time at which a scanner would send it. On a busy machine, they arrive later than that.
    this.keys ??= await this.context.newCDPSession(this.page);
    const start = Date.now() / 1000;
    const keys = [...code].map((text) => ({ key: text, text })).concat({ key: 'Enter', code: 'Enter', text: '\r', windowsVirtualKeyCode: 13 });
    for (const [index, key] of keys.entries()) {
      const timestamp = start + index * 0.008;
      await this.keys.send('Input.dispatchKeyEvent', { type: 'keyDown', ...key, timestamp });
      await this.keys.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key, text: undefined, timestamp });
    }
  }

  async picture(name, { fullPage = true } = {}) {
    const folder = fileURLToPath(new URL('./pictures/', import.meta.url));
    await mkdir(folder, { recursive: true });
    await this.page.screenshot({ path: `${folder}${name}.png`, fullPage, animations: 'disabled' });
  }

  async close() {
    await this.context.close();
  }
}
