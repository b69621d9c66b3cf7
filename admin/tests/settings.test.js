// The settings: a webhook with its receiver, staff with few permissions, two tabs that change the same setting.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { closeBrowser, openDesk, until, URL_OF_DESK } from './desk.js';

const unique = Date.now().toString(36);
const ANSWER = 'Thank you';

const received = [];
const receiver = createServer((request, response) => {
  received.push({ id: request.headers['webhook-id'], signature: request.headers['webhook-signature'] });
  request.resume();
  response.writeHead(200, { 'Content-Type': 'text/plain' }).end(ANSWER);
});

before(async () => {
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
after(async () => {
  receiver.close();
  await closeBrowser();
});

test('a webhook is made and tested, its answer is shown, and an event is sent again', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const url = `http://127.0.0.1:${receiver.address().port}/${unique}`;
  await desk.visit('/settings/webhooks');
  await page.getByRole('button', { name: 'Add a webhook' }).first().click();
  const form = page.getByRole('dialog', { name: 'Add a webhook' });
  await form.getByLabel('Address').fill(url);
  await form.getByRole('combobox', { name: 'Events' }).fill('product.created');
  await page.getByRole('option', { name: 'product.created' }).click();
  await page.keyboard.press('Tab');
  await form.getByRole('button', { name: 'Add a webhook' }).click();
  const secretDialog = page.getByRole('dialog', { name: 'Secret of the webhook' });
  const secret = await secretDialog.locator('code').innerText();
  assert.match(secret, /^whsec_/);
  await desk.checkAccessibility();
  await secretDialog.getByRole('button', { name: 'I have kept it' }).click();
  await secretDialog.waitFor({ state: 'detached' });
  assert.equal((await page.content()).includes(secret), false);

  await page.getByRole('link', { name: url }).click();
  await page.getByRole('heading', { level: 1, name: url }).waitFor();
  const id = Number(new URL(page.url()).pathname.split('/').pop());
  await page.getByRole('button', { name: 'Send a test' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Send a test' }).click();
  const deliveries = () => desk.api('GET', `/webhooks/${id}/deliveries`);
  await until(deliveries, ({ items }) => items.some(({ type, state }) => type === 'webhook.test' && state === 'succeeded'));
  await desk.visit(`/settings/webhooks/${id}`);
  await page.getByRole('button', { name: /^Show webhook\.test/ }).click();
  const delivery = page.getByRole('dialog', { name: 'Delivery of webhook.test' });
  assert.equal(await delivery.locator('pre').innerText(), ANSWER);
  await desk.checkAccessibility();
  await delivery.getByRole('button', { name: 'Close' }).last().click();

  await desk.api('POST', '/inventory/products', { sku: `hook-${unique}`, name: 'Hooked', price: 1 });
  const { items } = await until(deliveries, ({ items }) => items.some(({ type, state }) => type === 'product.created' && state === 'succeeded'));
  const event = items.find(({ type }) => type === 'product.created').event_id;
  await desk.visit(`/settings/webhooks/${id}?state=succeeded`);
  await page.getByRole('button', { name: `Show product.created ${event}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
  await until(() => received.filter((one) => one.id === event), (requests) => requests.length === 2);

  await page.getByRole('button', { name: 'New secret' }).click();
  await page.getByRole('dialog', { name: 'New secret' }).getByRole('button', { name: 'New secret' }).click();
  assert.notEqual(await secretDialog.locator('code').innerText(), secret);
  await secretDialog.getByRole('button', { name: 'I have kept it' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('heading', { level: 1, name: 'Webhooks' }).waitFor();
  await page.getByRole('link', { name: url }).waitFor({ state: 'detached' });
  desk.checkProblems();
  await desk.close();
});

test('a staff account sees only the pages of its permissions, and a message at others', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const account = { email: `reader-${unique}@example.com`, password: `reader of reports ${unique}` };
  await desk.visit('/settings/staff');
  await page.getByRole('button', { name: 'Add an account' }).click();
  const form = page.getByRole('dialog', { name: 'Add an account' });
  await form.getByLabel('E-mail address').fill(account.email);
  await form.getByLabel('Password', { exact: true }).fill('short');
  await form.getByLabel('See reports').check();
  await form.getByRole('button', { name: 'Add an account' }).click();
  await form.getByText(/8 to 128|at least 8|8 characters/i).last().waitFor();
  await form.getByLabel('Password', { exact: true }).fill(account.password);
  await form.getByRole('button', { name: 'Add an account' }).click();
  await form.waitFor({ state: 'detached' });

  const staff = await openDesk({ account });
  await staff.visit('/reports/sales');
  const navigation = staff.page.getByRole('navigation', { name: 'Main navigation' });
  const names = await navigation.getByRole('link').allInnerTexts();
  assert.ok(names.includes('Reports') && names.includes('Stock health'), names.join());
  for (const hidden of ['Settings', 'Staff', 'Webhooks', 'Counts', 'Purchasing']) assert.equal(names.includes(hidden), false, hidden);
  for (const path of ['/settings/store', '/settings/staff', '/settings/webhooks/1', '/settings/audit']) {
    await staff.visit(path);
    await staff.page.getByText('Your account may not see this.').last().waitFor();
  }
  await staff.checkAccessibility();
  staff.checkProblems();
  await staff.close();

  await desk.visit(`/settings/staff?q=${encodeURIComponent(account.email)}`);
  await page.getByRole('button', { name: `Disable ${account.email}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('button', { name: `Enable ${account.email}` }).waitFor();
  const signIn = await desk.context.request.post(`${URL_OF_DESK}/api/v1/auth/session`, { headers: { 'X-Requested-With': 'desk-tests' }, data: account });
  assert.equal(signIn.ok(), false);
  desk.checkProblems(/status of 422/);
  await desk.close();
});

test('of two tabs that change the same setting, the second sees what the first did', async () => {
  const [first, second] = [await openDesk(), await openDesk()];
  const [store] = (await first.api('GET', '/stores?sort=id&limit=1')).items;
  const days = 40 + (Date.now() % 200);
  const open = async ({ page, visit }, desk) => {
    await visit.call(desk, '/settings/store');
    await page.getByRole('button', { name: 'Edit Orders and returns' }).click();
    return page.getByRole('dialog', { name: 'Orders and returns' });
  };
  try {
    const one = await open(first, first);
    const two = await open(second, second);
    await one.getByLabel('Days to return').fill(String(days));
    await two.getByLabel('Days to return').fill(String(days + 1));
    await one.getByRole('button', { name: 'Save' }).click();
    await one.waitFor({ state: 'detached' });
    await two.getByRole('button', { name: 'Save' }).click();
    await two.getByText(`Days to return is now: ${days}`).waitFor();
    await second.checkAccessibility();
    assert.equal((await first.api('GET', `/stores/${store.id}`)).return_window_days, days);

    await two.getByRole('button', { name: 'Cancel' }).click();
    await second.page.getByText(`${days} days`).waitFor();
    await second.page.getByRole('button', { name: 'Edit Orders and returns' }).click();
    await two.getByLabel('Days to return').fill(String(days + 1));
    await two.getByRole('button', { name: 'Save' }).click();
    await two.waitFor({ state: 'detached' });
    assert.equal((await first.api('GET', `/stores/${store.id}`)).return_window_days, days + 1);
  } finally {
    await first.api('PATCH', `/stores/${store.id}`, { return_window_days: store.return_window_days });
  }
  first.checkProblems();
  second.checkProblems();
  await first.close();
  await second.close();
});

test('tax rates, payment methods, places and alerts are created and removed, and the audit shows it', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const dialog = page.getByRole('dialog');

  await desk.visit('/settings/taxes');
  await page.getByRole('button', { name: 'Edit the tax rates' }).click();
  await dialog.getByRole('button', { name: 'Add a tax rate' }).click();
  const rate = dialog.getByRole('group', { name: /^Tax rate/ }).last();
  await rate.getByLabel('Name').fill(`Rate ${unique}`);
  await rate.getByLabel('Category').fill(`Taxed ${unique}`);
  await rate.getByLabel('Rate', { exact: true }).fill('7.5');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('row', { name: new RegExp(`Rate ${unique}`) });
  assert.match(await row.innerText(), /7\.5 %/);
  await page.getByRole('button', { name: 'Edit the tax rates' }).click();
  await dialog.getByRole('button', { name: `Remove the tax rate Rate ${unique}` }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await row.waitFor({ state: 'detached' });

  const method = `bank_${unique}`;
  await desk.visit('/settings/payments');
  await page.getByRole('button', { name: 'Add a payment method' }).click();
  await dialog.getByLabel('Name').fill(method);
  await dialog.getByRole('button', { name: 'Add a payment method' }).click();
  await page.getByRole('button', { name: `Remove ${method}` }).click();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: `Remove ${method}` }).waitFor({ state: 'detached' });

  await desk.visit('/settings/places');
  await page.getByRole('button', { name: 'Add a place' }).click();
  await dialog.getByLabel('Name').fill(`Place ${unique}`);
  await dialog.getByLabel('Code', { exact: true }).fill(`place-${unique}`);
  await dialog.getByLabel('Latitude').fill('12.97');
  await dialog.getByLabel('Longitude').fill('77.59');
  await dialog.getByRole('button', { name: 'Add a place' }).click();
  for (const step of ['Pause', 'Close']) {
    await page.getByRole('button', { name: `${step} Place ${unique}` }).click();
    await dialog.getByRole('button', { name: step, exact: true }).last().click();
    await dialog.waitFor({ state: 'detached' });
  }
  const place = (await desk.api('GET', '/locations?limit=100&sort=-id')).items.find(({ code }) => code === `place-${unique}`);
  assert.deepEqual([place.status, place.latitude, place.longitude], ['closed', 12.97, 77.59]);

  await desk.visit('/settings/alerts');
  await page.getByRole('button', { name: 'Add an alert' }).first().click();
  await dialog.getByLabel('Only this category').fill(`Alerts ${unique}`);
  await dialog.getByRole('button', { name: 'Add an alert' }).click();
  const alert = page.getByRole('row', { name: new RegExp(`Alerts ${unique}`) });
  await alert.getByRole('button', { name: /^Delete/ }).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await alert.waitFor({ state: 'detached' });

  await desk.visit(`/settings/audit?entity=Location&entity_id=${place.id}`);
  const entries = page.getByRole('region', { name: 'Audit' }).locator('tbody tr');
  assert.equal(await entries.count(), (await desk.api('GET', `/audit?entity=Location&entity_id=${place.id}`)).total);
  await desk.api('PATCH', `/locations/${place.id}`, { name: `Old place ${unique}` });
  await page.getByRole('button', { name: 'Show 1 newer' }).click();
  await entries.first().getByText('Changed').waitFor();
  desk.checkProblems();
  await desk.close();
});
