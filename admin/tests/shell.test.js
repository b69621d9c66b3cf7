// The frame: sign-in, navigation, search, scanner, shortcuts, live events, and writes whose answer is lost.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { closeBrowser, openDesk, URL_OF_DESK } from './desk.js';

after(closeBrowser);

const EXPECTED_401 = /status of 401/;

test('signing in leads back to the page, and a wrong password is refused', async () => {
  const desk = await openDesk({ isSignedIn: false });
  const { page } = desk;
  await desk.visit('/account?sort=created_at');
  await page.getByLabel('E-mail address').fill('admin@example.com');
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor();
  await desk.checkAccessibility();
  await page.getByLabel('Password', { exact: true }).fill('stockroom-demo');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor();
  assert.match(page.url(), /\/admin\/account\?sort=created_at$/);
  desk.checkProblems(EXPECTED_401);
  await desk.close();
});

test('a customer sees that the desk is for staff', async () => {
  const desk = await openDesk({ account: { email: 'customer@example.com', password: 'stockroom-demo' } });
  await desk.page.goto(`${URL_OF_DESK}/admin/`);
  await desk.page.getByText('The desk is for staff.').waitFor();
  await desk.page.getByRole('button', { name: 'Sign out' }).waitFor();
  assert.equal(await desk.page.getByRole('navigation').count(), 0);
  await desk.close();
});

test('a session that ends asks to sign in again over the page', async () => {
  const desk = await openDesk({ isSignedIn: false });
  const { page } = desk;
  await desk.visit('/account');
  const signIn = async () => {
    await page.getByLabel('E-mail address').fill('admin@example.com');
    await page.getByLabel('Password', { exact: true }).fill('stockroom-demo');
    await page.keyboard.press('Enter');
  };
  await signIn();
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByLabel('Current password').fill('kept');
  await desk.api('DELETE', '/auth/session');
  const dialog = page.getByRole('dialog', { name: 'Change the password' });
  await dialog.getByRole('button', { name: 'Change the password' }).click();
  const again = page.getByRole('dialog', { name: 'Sign in again' });
  await again.getByLabel('Password', { exact: true }).fill('stockroom-demo');
  await again.getByRole('button', { name: 'Sign in' }).click();
  await again.waitFor({ state: 'detached' });
  assert.equal(await page.getByLabel('Current password').inputValue(), 'kept');
  await desk.close();
});

test('signing out without an answer says that the account is still signed in', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account');
  await page.route('**/api/v1/auth/session', (route) => (route.request().method() === 'DELETE' ? route.abort() : route.continue()));
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByText('You are still signed in').waitFor();
  assert.equal(await page.getByRole('heading', { level: 1, name: 'Account' }).count(), 1);
  desk.checkProblems(/net::ERR_FAILED/);
  await desk.close();
});

test('a failed read of the account and of the store is one error, and can be tried again', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account');
  await page.route('**/api/v1/{auth/session,stores/*}', (route) => route.abort());
  await page.reload();
  await page.getByText('The server does not answer.').waitFor();
  desk.checkProblems(/net::ERR_FAILED/);
  await page.unroute('**/api/v1/{auth/session,stores/*}');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor();
  await desk.close();
});

test('every link of the navigation opens the page of its name', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account');
  const navigation = page.getByRole('navigation', { name: 'Main navigation' });
  const names = await navigation.getByRole('link').allInnerTexts();
  assert.ok(names.includes('Today'));
  for (const name of names) {
    await navigation.getByRole('link', { name, exact: true }).first().click();
    await desk.settle();
    assert.equal(await page.title(), `${await page.getByRole('heading', { level: 1 }).innerText()} · Stockroom`);
    assert.equal(await navigation.locator('[aria-current="page"]').count() > 0, true, name);
  }
  desk.checkProblems();
  await desk.close();
});

test('a menu whose file is gone shows an error instead of an empty page', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await page.route(/AccountMenu/, (route) => route.abort());
  await desk.visit('/account');
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('button', { name: 'Reload the page' }).waitFor();
  await desk.close();
});

test('a page behind the last one of a list leads to it', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account?page=1000');
  await page.getByRole('link', { name: 'Last page' }).click();
  await page.getByRole('table').first().waitFor();
  assert.doesNotMatch(page.url(), /page=1000/);
  desk.checkProblems();
  await desk.close();
});

test('an address without a page says so, and keeps the navigation', async () => {
  const desk = await openDesk();
  await desk.visit('/no/such/page');
  await desk.page.getByText('There is no such page').waitFor();
  await desk.page.getByRole('link', { name: 'Today' }).click();
  await desk.page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
  desk.checkProblems();
  await desk.close();
});

test('the search opens with Ctrl K and finds pages by the keyboard alone', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/');
  await page.keyboard.press('Control+k');
  const dialog = page.getByRole('dialog', { name: 'Search everything' });
  await dialog.getByRole('textbox').waitFor();
  await page.keyboard.type('acc', { delay: 80 });
  await dialog.getByText('Account', { exact: true }).waitFor();
  await desk.checkAccessibility();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor();
  desk.checkProblems();
  await desk.close();
});

test('a scanner works while a field has the focus, and its characters are taken back', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account');
  await page.getByRole('button', { name: 'Change the password' }).click();
  const field = page.getByLabel('Current password');
  await field.fill('typed');
  await desk.scan('no-such-code-1');
  await page.getByText('Nothing has the code no-such-code-1').waitFor();
  assert.equal(await field.inputValue(), 'typed');
  // A person types slower, so these characters stay.
  await page.keyboard.type(' slow', { delay: 90 });
  assert.equal(await field.inputValue(), 'typed slow');
  desk.checkProblems(/status of 404/);
  await desk.close();
});

test('the help sheet lists the shortcuts, and two keys open a page', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account');
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await help.getByText('Search everything').waitFor();
  await desk.checkAccessibility();
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor();
  // Turned off, single keys do nothing.
  await page.getByRole('switch').click({ force: true });
  await page.keyboard.press('?');
  await page.waitForTimeout(300);
  assert.equal(await page.getByRole('dialog').count(), 0);
  desk.checkProblems();
  await desk.close();
});

test('the scheme follows the system until it is chosen', async () => {
  const desk = await openDesk({ scheme: 'dark' });
  const { page } = desk;
  const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme');
  await desk.visit('/');
  assert.equal(await scheme(), 'dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.waitForFunction(() => document.documentElement.dataset.mantineColorScheme === 'light');
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  await desk.visit('/');
  assert.equal(await scheme(), 'dark');
  desk.checkProblems();
  await desk.close();
});

test('a write whose answer is lost is repeated with the same key, and done once', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account');
  const keys = [];
  await page.route('**/api/v1/auth/sessions', async (route) => {
    if (route.request().method() !== 'DELETE') return route.continue();
    keys.push(route.request().headers()['idempotency-key']);
    // The first request arrives, and its answer is lost.
    if (keys.length > 1) return route.fulfill({ status: 204 });
    return route.abort('connectionreset');
  });
  await page.getByRole('button', { name: 'End all other sessions' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End all other sessions' }).click();
  await page.getByText('It was saved once.').waitFor();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  assert.match(keys[0], /^desk-[0-9a-f]{32}$/);
  desk.checkProblems(/ERR_CONNECTION_RESET/);
  await desk.close();
});

test('a confirmed action is sent once, and its dialog closes before the page is read again', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account');
  let sent = 0;
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/api/v1/auth/sessions**', async (route) => {
    if (route.request().method() === 'DELETE') {
      sent += 1;
      return route.fulfill({ status: 204 });
    }
    await held;
    return route.continue();
  });
  await page.getByRole('button', { name: 'End all other sessions' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End all other sessions' }).click();
  await page.getByText('All other sessions have ended.').waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(sent, 1);
  release();
  await desk.settle();
  desk.checkProblems();
  await desk.close();
});

test('a click beside a dialog keeps what was typed there', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account');
  await page.getByRole('button', { name: 'Change the password' }).click();
  const field = page.getByLabel('Current password');
  await field.fill('kept');
  await page.mouse.click(5, 5);
  assert.equal(await field.inputValue(), 'kept');
  await page.keyboard.press('Escape');
  await field.waitFor({ state: 'detached' });
  await desk.close();
});

test('a write without any answer says that its outcome is not known, and checks again with the same key', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account');
  const keys = [];
  let isBroken = true;
  await page.route('**/api/v1/auth/password', (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    return isBroken ? route.abort('connectionreset') : route.fulfill({ status: 204 });
  });
  await page.getByRole('button', { name: 'Change the password' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change the password' });
  await dialog.getByLabel('Current password').fill('stockroom-demo');
  await dialog.getByLabel('New password').fill('a new long password');
  await dialog.getByRole('button', { name: 'Change the password' }).click();
  await dialog.getByText('not known whether this was saved').waitFor({ timeout: 20_000 });
  assert.equal(await dialog.getByLabel('New password').isDisabled(), true);
  await desk.checkAccessibility();
  isBroken = false;
  await dialog.getByRole('button', { name: 'Check again' }).click();
  await page.getByText('The password was changed.').waitFor();
  assert.equal(new Set(keys).size, 1);
  desk.checkProblems(/ERR_CONNECTION_RESET/);
  await desk.close();
});

test('what happens in the shop appears without a reload', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/');
  await page.getByRole('img', { name: 'Live' }).waitFor();
  const order = await desk.api('POST', '/orders', { items: [{ product_id: 'prod_009', quantity: 1 }], customer_name: 'Asha Rao' });
  // Others may wait before it, so the number of orders is what always changes.
  let total = 0;
  for (const status of ['pending', 'processing']) total += (await desk.api('GET', `/orders?status=${status}&limit=1`)).total;
  await page.getByRole('heading', { level: 2, name: `Orders to ship ${total}` }).waitFor();
  await desk.api('POST', `/orders/${order.id}/cancel`);
  await page.getByRole('heading', { level: 2, name: `Orders to ship ${total}` }).waitFor({ state: 'detached' });
  desk.checkProblems();
  await desk.close();
});

test('a list shows its page, its order and its place in the history', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/account?sort=created_at');
  const sorted = page.getByRole('columnheader', { name: 'Signed in' });
  assert.equal(await sorted.getAttribute('aria-sort'), 'ascending');
  await sorted.getByRole('button').click();
  await desk.settle();
  assert.match(page.url(), /sort=-created_at/);
  assert.equal(await sorted.getAttribute('aria-sort'), 'descending');
  await page.getByRole('link', { name: 'Today' }).click();
  await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor();
  assert.equal(await sorted.getAttribute('aria-sort'), 'descending');
  desk.checkProblems();
  await desk.close();
});

test('the pages of the frame pass axe and fit the screen, on every device and in both schemes', async () => {
  for (const device of ['desktop', 'phone']) {
    const desk = await openDesk({ device });
    for (const path of ['/', '/account']) {
      await desk.visit(path);
      for (const scheme of ['light', 'dark']) {
        await desk.page.emulateMedia({ colorScheme: scheme });
        await desk.settle();
        await desk.checkAccessibility();
        await desk.checkWidth();
      }
    }
    desk.checkProblems();
    await desk.close();
  }
});
