// The own account: a new password, also if the answer of the server is lost.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { closeBrowser, openDesk, URL_OF_DESK } from './desk.js';

after(closeBrowser);

let made = 0;

/** A desk with an account of its own at the dialog for a new password. */
async function openPasswordDialog() {
  const admin = await openDesk();
  const account = { email: `password-${Date.now().toString(36)}${(made += 1)}@example.com`, password: 'the first pass phrase' };
  await admin.api('POST', '/users', { ...account, role: 'staff', permissions: ['orders:read'] });
  await admin.close();
  const desk = await openDesk({ account });
  await desk.visit('/account');
  await desk.page.getByRole('button', { name: 'Change the password' }).click();
  return { desk, account, dialog: desk.page.getByRole('dialog', { name: 'Change the password' }) };
}

async function change(dialog, before, next) {
  await dialog.getByLabel('Current password').fill(before);
  await dialog.getByLabel('New password').fill(next);
  await dialog.getByRole('button', { name: 'Change the password' }).click();
}

async function statusOfSignIn(desk, email, password) {
  const data = { email, password };
  const response = await desk.context.request.post(`${URL_OF_DESK}/api/v1/auth/session`, { headers: { 'X-Requested-With': 'desk-tests' }, data });
  return response.status();
}

test('a new password whose answer is lost is found to be that of the account', async () => {
  const { desk, account, dialog } = await openPasswordDialog();
  const { page } = desk;
  const statuses = [];
  page.on('response', (response) => response.url().endsWith('/auth/password') && statuses.push(response.status()));
  let isFirst = true;
  await page.route('**/api/v1/auth/password', async (route) => {
    if (!isFirst) return route.continue();
    isFirst = false;
    // The server carries the request out, and the answer never arrives.
    assert.equal((await route.fetch()).status(), 204);
    return route.abort('connectionreset');
  });
  await change(dialog, account.password, 'the second pass phrase');
  await page.getByText('The password was changed.').waitFor();
  await page.getByText('It was saved once.').waitFor();
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual(statuses, [422, 204]);
  assert.equal(await statusOfSignIn(desk, account.email, account.password), 401);
  assert.equal(await statusOfSignIn(desk, account.email, 'the second pass phrase'), 200);
  desk.checkProblems(/ERR_CONNECTION_RESET/, /status of 422/);
  await desk.close();
});

test('a wrong current password is named as the mistake, also after a lost answer', async () => {
  const { desk, account, dialog } = await openPasswordDialog();
  const { page } = desk;
  let isFirst = true;
  await page.route('**/api/v1/auth/password', (route) => {
    if (!isFirst) return route.continue();
    isFirst = false;
    return route.abort('connectionreset');
  });
  await change(dialog, 'not the password', 'the second pass phrase');
  await dialog.getByText('Is not the password of this account').waitFor();
  assert.equal(await statusOfSignIn(desk, account.email, account.password), 200);
  desk.checkProblems(/ERR_CONNECTION_RESET/, /status of 422/);
  await desk.close();
});
