// Today: its lists lead to pages with the same rows.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { closeBrowser, openDesk } from './desk.js';

after(closeBrowser);

const run = Date.now().toString(36);
/** One more than a list of Today shows. */
const MANY = 6;

/** The links of a list to the rest of its rows. */
function linksOf({ page }, title) {
  const list = page.locator('section', { has: page.getByRole('heading', { level: 2, name: new RegExp(`^${title}`) }) });
  return list.getByRole('link', { name: /^Show all/ });
}

/** Follows each link, and fails unless the page marks the wanted state and has the wanted filters. */
async function checkLinks(desk, title, states, wanted) {
  const { page } = desk;
  assert.deepEqual(await linksOf(desk, title).allInnerTexts(), wanted.map(([state]) => `Show all: ${state}`));
  for (const [state, query] of wanted) {
    await desk.visit('/');
    await linksOf(desk, title).filter({ hasText: state }).click();
    const tab = page.getByRole('navigation', { name: states }).getByRole('link', { name: new RegExp(`^${state}`) });
    await tab.waitFor();
    assert.equal(await tab.getAttribute('aria-current'), 'page', state);
    assert.deepEqual(Object.fromEntries(new URL(page.url()).searchParams), query);
  }
}

test('all orders to ship are found by their states, the oldest first', async () => {
  const desk = await openDesk();
  const product = await desk.api('POST', '/inventory/products', { sku: `today-${run}`, name: `Today ${run}`, price: 5, initial_stock: MANY });
  for (let index = 0; index < MANY; index += 1) {
    const fields = { customer_name: `Today ${run}`, delivery_address: '4 Hill Street, Pune', payment_method: 'cod' };
    const order = await desk.api('POST', '/orders', { items: [{ product_id: product.id, quantity: 1 }], ...fields });
    if (index === 0) await desk.api('PUT', `/orders/${order.order_number}`, { status: 'processing' });
  }
  await desk.visit('/');
  await checkLinks(desk, 'Orders to ship', 'States of orders', [
    ['New', { status: 'pending', sort: 'created_at' }],
    ['In progress', { status: 'processing', sort: 'created_at' }],
  ]);
  desk.checkProblems();
  await desk.close();
});

test('all low products are found, those that are out of stock and the others', async () => {
  const desk = await openDesk();
  for (let index = 0; index < MANY; index += 1) {
    const sku = `today-${run}-${index}`;
    await desk.api('POST', '/inventory/products', { sku, name: `Today ${sku}`, price: 5, initial_stock: index % 2, min_stock_level: 5 });
  }
  const { items } = await desk.api('GET', '/inventory/products/low-stock?limit=100');
  assert.ok(items.length >= MANY);
  assert.deepEqual(items.filter(({ stock_status }) => stock_status === 'in_stock'), [], 'each low product is on one of the two pages');
  await desk.visit('/');
  await checkLinks(desk, 'Low stock', 'States of the stock', [
    ['Out of stock', { stock_status: 'out_of_stock' }],
    ['Low', { stock_status: 'low_stock' }],
  ]);
  desk.checkProblems();
  await desk.close();
});
