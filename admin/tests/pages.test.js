// Every page for every kind of account, in both schemes, on a wide screen and on a phone: axe finds nothing, nothing is wider
// than the screen, and there is no error, no break of the policy and no request to another host.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { declaredPages, isAllowed, makeAddresses } from './addresses.js';
import { closeBrowser, openDesk } from './desk.js';

const agreed = JSON.parse(await readFile(new URL('../../tests/api/openapi/agreed.json', import.meta.url), 'utf8'));
const ALL = agreed.components.schemas.Permission.enum;
const pages = await declaredPages();

/**
 * Two accounts with the same pages have each page in both schemes and both widths together. What another account sees is a
 * part of that, so it has one view.
 */
const ONE = [{ device: 'desktop', scheme: 'light' }, { device: 'phone', scheme: 'dark' }];
const OTHER = [{ device: 'desktop', scheme: 'dark' }, { device: 'phone', scheme: 'light' }];
const ACCOUNTS = [
  { name: 'an administrator', role: 'admin', permissions: [], views: ONE },
  { name: 'staff with all permissions', role: 'staff', permissions: ALL, views: OTHER },
  { name: 'staff who only see orders', role: 'staff', permissions: ['orders:read'], views: [OTHER[0]] },
  { name: 'staff who only see stock', role: 'staff', permissions: ['inventory:read'], views: [ONE[1]] },
];
/** The quick changes between the views need no rest as long as that after a click. */
const REST = { restMs: 100 };

let admin;
let addressOf;

before(async () => {
  admin = await openDesk();
  addressOf = await makeAddresses(admin);
});
after(closeBrowser);

test('the list of pages is the declared one', () => {
  assert.ok(pages.length > 30, `${pages.length} pages`);
  assert.equal(new Set(pages.map(({ path }) => path)).size, pages.length);
  assert.deepEqual(pages.flatMap(({ needs }) => needs).filter((one) => one !== 'admin' && !ALL.includes(one)), []);
});

describe('every page', { concurrency: 2 }, () => {
  for (const account of ACCOUNTS) {
    test(`for ${account.name}`, async () => {
      const desk = await openAs(account);
      const allowed = pages.filter((page) => isAllowed(account, page));
      const findings = [];
      for (const [index, page] of allowed.entries()) {
        const address = addressOf(page);
        // The window keeps its size for the next page, so every other page begins with the last view.
        const views = index % 2 === 0 ? account.views : [...account.views].reverse();
        await desk.show(views[0]);
        await (index === 0 ? desk.visit(address, REST) : desk.open(address, REST));
        for (const [turn, view] of views.entries()) {
          if (turn > 0) {
            await desk.show(view);
            await desk.settle(REST);
          }
          findings.push(...(await findingsOf(desk)).map((finding) => `${address}, ${view.device}, ${view.scheme}: ${finding}`));
        }
      }
      findings.push(...(await checkRefused(desk, pages.filter((page) => !isAllowed(account, page)))));
      assert.deepEqual(findings, []);
      await desk.close();
    });
  }
});

async function openAs({ role, permissions }) {
  if (role === 'admin') return openDesk();
  const account = { email: `pages-${permissions.length}-${permissions[0].replace(':', '-')}-${Date.now().toString(36)}@example.com`, password: 'sees-all-its-pages' };
  await admin.api('POST', '/users', { ...account, role, permissions });
  return openDesk({ account });
}

/** What is wrong with the page that is shown, and what went wrong since the last look. */
async function findingsOf(desk) {
  const findings = await desk.violations();
  await desk.checkWidth().catch((error) => findings.push(error.message));
  if (await desk.page.getByText('Something went wrong on this page.').count()) findings.push('the page crashed');
  return [...findings, ...desk.problems.splice(0)];
}

/**
 * Opens the pages that the account may not see: the first by its address, the others as links do. Each says so, and asks the
 * server for nothing that is refused.
 */
async function checkRefused(desk, refused) {
  const findings = [];
  for (const [index, page] of refused.entries()) {
    await (index === 0 ? desk.visit(addressOf(page), REST) : desk.open(addressOf(page), REST));
    await desk.page.getByText('Your account may not see this.').last().waitFor();
    findings.push(...desk.problems.splice(0).map((problem) => `${page.path}, refused: ${problem}`));
  }
  if (refused.length > 0) findings.push(...(await findingsOf(desk)));
  return findings;
}
