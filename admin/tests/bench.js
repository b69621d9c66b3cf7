// Measures how soon each page shows its rows, and how much script it loads, and writes docs/bench/desk.md:
// `DESK_URL=… npm run bench -- [--rounds 5]`. The server must have been built with the dist/ of this folder. It makes a
// document of each kind.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { chunksOf, totalOf } from '../scripts/script-size.js';
import { declaredPages, makeAddresses } from './addresses.js';
import { closeBrowser, openDesk, URL_OF_DESK } from './desk.js';

const FILE = fileURLToPath(new URL('../../docs/bench/desk.md', import.meta.url));
const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const ROUNDS = Number(options.rounds);
assert.ok(Number.isInteger(ROUNDS) && ROUNDS > 0, '--rounds is a number of rounds');
/** The aims of the desk, in seconds, and in KB of script for the list of orders. */
const AIMS = { cold: 1.0, warm: 0.3, script: 150 };
/** A page that stays as it is for so long has shown everything. */
const REST_MS = 400;

/** Runs in the page: notes when its heading is there and nothing is loading any more. */
function track() {
  const busy = '.mantine-Skeleton-root, [aria-busy="true"], [aria-label="Loading"]';
  window.__shown = { from: 0, at: null };
  const look = () => {
    const isShown = document.querySelector('main h1:not([data-left])') && !document.querySelector(busy);
    window.__shown.at = isShown ? (window.__shown.at ?? performance.now()) : null;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** The seconds until the page was shown, since it was opened. */
async function timeOf({ page }) {
  await page.waitForFunction((rest) => window.__shown.at !== null && performance.now() - window.__shown.at > rest, REST_MS);
  return page.evaluate(() => (window.__shown.at - window.__shown.from) / 1000);
}

/** Opens an address: a new browser, then the same again, then from another page of the desk. */
async function measure(address) {
  const desk = await openDesk();
  await desk.page.addInitScript(track);
  const url = `${URL_OF_DESK}/admin${address}`;
  await desk.page.goto(url);
  const cold = await timeOf(desk);
  await desk.page.goto(url);
  const again = await timeOf(desk);
  await desk.page.goto(`${URL_OF_DESK}/admin${address === '/account' ? '/' : '/account'}`);
  await timeOf(desk);
  await desk.page.evaluate((to) => {
    document.querySelector('h1').setAttribute('data-left', '');
    window.__shown = { from: performance.now(), at: null };
    window.history.pushState(null, '', to);
    window.dispatchEvent(new PopStateEvent('popstate'));
  }, `/admin${address}`);
  const warm = await timeOf(desk);
  desk.checkProblems();
  await desk.close();
  return { cold, again, warm };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const seconds = (value) => value.toFixed(2);
const kilobytes = (bytes) => Math.ceil(bytes / 1024);

/** A table whose columns are as wide as their longest cell. */
function table(head, rows) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (cells, fill = ' ') => `| ${cells.map((cell, column) => cell.padEnd(widths[column], fill)).join(' | ')} |`;
  return [line(head), line(head.map(() => ''), '-'), ...rows.map((row) => line(row))].join('\n');
}

async function sizeOfShop(desk) {
  const [{ total_products: products }, { total: orders }] = [await desk.api('GET', '/inventory/summary'), await desk.api('GET', '/orders?limit=1')];
  return `${products.toLocaleString('en')} products and ${orders.toLocaleString('en')} orders`;
}

const desk = await openDesk();
const shop = await sizeOfShop(desk);
const addressOf = await makeAddresses(desk);
const browser = `Chromium ${desk.context.browser().version()}`;
const rows = [];
for (const page of await declaredPages()) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await measure(addressOf(page)));
  const [cold, again, warm] = ['cold', 'again', 'warm'].map((name) => median(rounds.map((one) => one[name])));
  const script = kilobytes(totalOf(await chunksOf(page.component)));
  console.log(`${page.path}: ${seconds(cold)} s, again ${seconds(again)} s, by a link ${seconds(warm)} s, ${script} KB`);
  rows.push({ path: page.path, component: page.component, cold, again, warm, script });
}
await closeBrowser();

const worst = (name) => rows.reduce((most, row) => (row[name] > most[name] ? row : most));
const isReached = (value, aim) => (value <= aim ? 'reached' : 'not reached');
const orders = rows.find(({ component }) => component === 'OrdersPage');
const [slowest, slowestLink] = [worst('cold'), worst('warm')];
const [{ model }] = cpus();

await writeFile(
  FILE,
  `# How soon the pages of the desk show their rows

\`make bench-desk\` writes this page. ${model}, ${cpus().length} cores; ${browser} on the same machine as the server;
a store with ${shop}; ${new Date().toISOString().slice(0, 10)}.

${table(
  ['', 'aim', 'measured', ''],
  [
    ['the slowest page in a new browser', `≤ ${AIMS.cold.toFixed(1)} s`, `${seconds(slowest.cold)} s (${slowest.path})`, isReached(slowest.cold, AIMS.cold)],
    ['the slowest page by a link', `≤ ${AIMS.warm.toFixed(1)} s`, `${seconds(slowestLink.warm)} s (${slowestLink.path})`, isReached(slowestLink.warm, AIMS.warm)],
    ['script of the list of orders', `≤ ${AIMS.script} KB`, `${orders.script} KB`, isReached(orders.script, AIMS.script)],
  ],
)}

Medians of ${ROUNDS} rounds, in seconds, of an account that is signed in: until the heading is there and nothing is loading.

- **New browser**: nothing is in its cache. The files, the session and the rows are loaded.
- **Again**: the same address once more. The files are in the cache; the session and the rows are loaded.
- **By a link**: from another page of the desk. Only the rows are loaded, and the code of the page from the cache.
- **Script**: what the page loads before it shows its rows, in KB, compressed with brotli.

${table(
  ['page', 'new browser', 'again', 'by a link', 'script'],
  rows.map(({ path, cold, again, warm, script }) => [`\`${path}\``, seconds(cold), seconds(again), seconds(warm), String(script)]),
)}
`,
);
console.log(`written: ${FILE}`);
