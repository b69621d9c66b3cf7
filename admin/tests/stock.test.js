// The pages of stock, with real requests to a running desk. Each test makes what it needs, under names that are
// used once, so the tests can run in any order and again on the same store.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { closeBrowser, openDesk } from './desk.js';

const run = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
let made = 0;

/** A code that no other test has. */
function unique(prefix) {
  made += 1;
  return `${prefix}-${run}-${made}`;
}

/** A new product, by the API. */
function makeProduct(desk, fields = {}) {
  const sku = unique('t');
  return desk.api('POST', '/inventory/products', { sku, name: `Test ${sku}`, price: 10, initial_stock: 20, ...fields });
}

const stockOf = (desk, product) => desk.api('GET', `/inventory/products/${product.id}/stock`);

after(closeBrowser);

test('the stock is found by name, SKU and barcode, with the filters in the URL', async () => {
  const desk = await openDesk();
  const barcode = unique('code');
  const low = await makeProduct(desk, { initial_stock: 2, min_stock_level: 5, barcode });
  await makeProduct(desk);

  await desk.visit(`/stock?q=${run}`);
  const search = desk.page.getByRole('searchbox');
  for (const words of [low.name, low.sku, barcode]) {
    await search.fill(words);
    await desk.page.waitForFunction((text) => new URLSearchParams(location.search).get('q') === text, words);
    await desk.page.getByRole('link', { name: low.name }).waitFor();
    await desk.page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  }

  await search.fill(run);
  await desk.page.getByRole('navigation', { name: 'States of the stock' }).getByRole('link', { name: /^Low/ }).click();
  await desk.page.waitForFunction(() => new URLSearchParams(location.search).get('stock_status') === 'low_stock');
  await desk.page.getByRole('link', { name: low.name }).click();
  await desk.page.getByRole('heading', { level: 1, name: low.name }).waitFor();
  await desk.page.goBack();
  await desk.page.waitForFunction(() => location.search.includes('low_stock'));
  await desk.page.getByRole('link', { name: low.name }).waitFor();
  desk.checkProblems();
  await desk.close();
});

test('a count does not overwrite what a colleague received meanwhile', async () => {
  const desk = await openDesk();
  const product = await makeProduct(desk, { initial_stock: 20 });
  await desk.visit(`/products/${product.id}`);
  await desk.page.getByRole('button', { name: `Adjust ${product.name}` }).click();
  const dialog = desk.page.getByRole('dialog', { name: `Adjust ${product.name}` });
  await dialog.getByLabel('New quantity').fill('18');
  await dialog.getByText('Difference: −2').waitFor();
  await dialog.getByLabel('Reason').fill('Counted');

  // A colleague receives five units while the dialog is open, and the page behind it shows them.
  await desk.api('PUT', `/inventory/products/${product.id}/stock`, { movement_type: 'in', quantity: 5, reason: 'Delivery' });
  await desk.page.waitForFunction(() => document.body.innerText.includes('Delivery'));

  await dialog.getByRole('button', { name: 'Adjust' }).click();
  await dialog.getByText('This changed while you worked on it').waitFor();
  await dialog.getByText(/There are 25 now/).waitFor();
  assert.equal((await stockOf(desk, product)).stock_quantity, 25);

  // Looking at the present figures, the count is entered again.
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await desk.page.getByRole('button', { name: `Adjust ${product.name}` }).click();
  await dialog.getByLabel('New quantity').fill('23');
  await dialog.getByLabel('Reason').fill('Counted');
  await dialog.getByRole('button', { name: 'Adjust' }).click();
  await desk.page.getByText('Stock changed from 25 to 23').waitFor();
  assert.equal((await stockOf(desk, product)).stock_quantity, 23);
  desk.checkProblems(/409/);
  await desk.close();
});

test('units are received, moved to quarantine, and listed in the ledger', async () => {
  const desk = await openDesk();
  const product = await makeProduct(desk, { initial_stock: 4 });
  const reference = unique('DN').toUpperCase();
  await desk.visit(`/stock?q=${product.sku}`);
  await desk.page.getByRole('button', { name: `By place: ${product.name}` }).click();
  await desk.page.getByRole('button', { name: `Change the stock of ${product.name}` }).first().click();
  await desk.page.getByRole('menuitem', { name: 'Receive' }).click();
  const dialog = desk.page.getByRole('dialog');
  await dialog.getByLabel('Quantity').fill('6');
  await dialog.getByLabel('Reason').fill('Delivery');
  await dialog.getByLabel('Reference').fill(reference);
  await dialog.getByRole('button', { name: 'Receive' }).click();
  await desk.page.getByText('Stock changed from 4 to 10').waitFor();

  await desk.page.getByRole('button', { name: `By place: ${product.name}` }).click();
  await desk.page.getByRole('button', { name: `Change the stock of ${product.name}` }).first().click();
  await desk.page.getByRole('menuitem', { name: 'Move within the place' }).click();
  await dialog.getByLabel('Quantity').fill('3');
  await dialog.getByLabel('Reason').fill('Wet');
  await dialog.getByRole('button', { name: 'Move' }).click();
  await desk.page.getByText('The units were moved').waitFor();
  const stock = await stockOf(desk, product);
  assert.equal(stock.stock_quantity, 7);
  assert.equal(stock.locations[0].quarantined_quantity, 3);

  await desk.visit(`/stock/movements?reference_id=${reference}`);
  const row = desk.page.getByRole('row').filter({ hasText: product.sku });
  await row.getByText('+6').waitFor();
  assert.equal(await desk.page.locator('tbody tr').count(), 1);
  desk.checkProblems();
  await desk.close();
});

test('a stock-out is seen in another tab without a reload', async () => {
  const desk = await openDesk();
  const product = await makeProduct(desk, { initial_stock: 3 });
  await desk.visit(`/stock?q=${product.sku}`);
  await desk.page.getByLabel('Live').waitFor();
  const row = desk.page.getByRole('row').filter({ hasText: product.sku });
  await row.getByText('In stock').waitFor();

  const other = await desk.context.newPage();
  await other.goto(desk.page.url().replace(/\/stock.*/, `/products/${product.id}`));
  await other.getByRole('button', { name: `Change the stock of ${product.name}` }).click();
  await other.getByRole('menuitem', { name: 'Take out' }).click();
  await other.getByRole('dialog').getByLabel('Quantity').fill('3');
  await other.getByRole('dialog').getByLabel('Reason').fill('Damaged');
  await other.getByRole('dialog').getByRole('button', { name: 'Take out' }).click();
  await other.getByText('Stock changed from 3 to 0').waitFor();

  await desk.page.bringToFront();
  await row.getByText('Out of stock').waitFor();
  desk.checkProblems();
  await desk.close();
});

test('a reservation is released once, and the second person sees it', async () => {
  const desk = await openDesk();
  const product = await makeProduct(desk, { initial_stock: 5 });
  const reference = unique('quote');
  const reservation = await desk.api('POST', '/reservations', {
    items: [{ product_id: product.id, quantity: 2 }],
    reference_id: reference,
    ttl_seconds: 600,
  });
  await desk.visit(`/stock/reservations?reference_id=${reference}`);
  await desk.page.getByRole('button', { name: `Release ${reference}` }).click();
  await desk.api('POST', `/reservations/${reservation.id}/confirm`);
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Release' }).click();
  await desk.page.getByRole('dialog').getByRole('alert').waitFor();
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await desk.page.getByRole('row').filter({ hasText: reference }).getByText('Confirmed').waitFor();
  assert.equal((await stockOf(desk, product)).stock_quantity, 3);
  desk.checkProblems(/409/);
  await desk.close();
});

test('who may only read stock sees no button that changes it', async () => {
  const admin = await openDesk();
  const email = `${unique('reader')}@example.com`;
  await admin.api('POST', '/users', { email, password: 'reader-of-stock', role: 'staff', permissions: ['inventory:read'], active: true });
  const product = await makeProduct(admin);
  const desk = await openDesk({ account: { email, password: 'reader-of-stock' } });
  await desk.visit(`/products/${product.id}`);
  for (const name of ['Edit', 'Archive', 'Add a barcode', /^Adjust/]) {
    assert.equal(await desk.page.getByRole('button', { name }).count(), 0, String(name));
  }
  await desk.visit('/products/edit');
  await desk.page.getByText('Your account may not see this.').first().waitFor();
  await desk.visit('/products/import');
  assert.equal(await desk.page.getByRole('button', { name: 'Check the file' }).count(), 0);
  await desk.page.getByRole('button', { name: 'Download CSV' }).waitFor();
  desk.checkProblems(/403/);
  await desk.close();
  await admin.close();
});
