// Takes the pictures of docs/guides/desk.md: `DESK_URL=… npm run pictures:guide`, with the demo store and its history. It
// makes an order, a purchase order and a count for them, and cancels them afterwards. It fails if a picture is too large.
import assert from 'node:assert/strict';
import { mkdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { closeBrowser, openDesk } from './desk.js';

const FOLDER = fileURLToPath(new URL('../../docs/guides/desk/', import.meta.url));
const DESKTOP = { width: 1120, height: 720 };
const PHONE = { width: 390, height: 720 };
/** The pages of the guide and the README stay quick to load. */
const MAX_BYTES = 150_000;

/** Opens a desk for one picture. What was typed in a page does not keep the next one from opening. */
async function take(name, { path, size = DESKTOP, prepare = () => undefined }) {
  const desk = await openDesk({ device: size === PHONE ? 'phone' : 'desktop' });
  await desk.page.setViewportSize(size);
  await desk.visit(path);
  await prepare(desk);
  // Charts move for longer than what a test looks at.
  await desk.settle({ restMs: 350 });
  const file = `${FOLDER}${name}.png`;
  await desk.page.screenshot({ path: file, animations: 'disabled' });
  desk.checkProblems();
  await desk.close();
  const bytes = (await stat(file)).size;
  console.log(`${name}.png: ${Math.round(bytes / 1000)} KB`);
  assert.ok(bytes <= MAX_BYTES, `${name}.png has ${bytes} bytes; ${MAX_BYTES} are allowed`);
}

/** An order of five units. Some products of the demo store are sold out. */
async function makeOrder(desk) {
  const { items: products } = await desk.api('GET', '/inventory/products?sort=-stock&limit=10');
  const items = products.filter(({ has_sizes }) => !has_sizes).slice(0, 3).map(({ id }, index) => ({ product_id: id, quantity: index === 1 ? 1 : 2 }));
  const { order_number } = await desk.api('POST', '/orders', {
    items,
    customer_name: 'Asha Rao',
    customer_phone: '+91 98450-12345',
    delivery_address: '12 Lake View Road, Bengaluru',
    notes: 'Please ring twice.',
  });
  return order_number;
}

async function makePurchase(desk, place) {
  const [known] = (await desk.api('GET', '/suppliers?limit=1&sort=id')).items;
  const supplier = known ?? (await desk.api('POST', '/suppliers', { code: 'DECCAN', name: 'Deccan Mills', lead_time_days: 3 }));
  const lines = [
    { product_id: 'prod_001', quantity: 24, unit_cost: 118 },
    { product_id: 'prod_003', quantity: 12, unit_cost: 131 },
    { product_id: 'prod_007', quantity: 20, unit_cost: 94 },
  ];
  const order = await desk.api('POST', '/purchase-orders', { supplier_id: supplier.id, location_id: place.id, lines });
  return desk.api('POST', `/purchase-orders/${order.id}/order`, {});
}

async function ship({ page }) {
  await page.getByRole('button', { name: 'Ship 5 units' }).click();
  const quantities = page.getByRole('dialog').getByLabel(/^Quantity: /);
  await quantities.first().fill('1');
  await page.getByRole('dialog').getByLabel('Carrier').fill('India Post');
}

async function receive({ page }) {
  await page.getByRole('button', { name: 'Receive' }).click();
  const accepted = page.getByRole('dialog').getByLabel(/^Accepted: /);
  await accepted.nth(0).fill('24');
  await accepted.nth(1).fill('10');
}

/** Two lines are counted, and a third one is scanned. */
async function count(desk) {
  const { page } = desk;
  const quantity = page.getByLabel('How many are there?');
  for (const [code, units] of [['prod_001', '48'], ['prod_002', '30']]) {
    await desk.scan(code);
    await quantity.fill(units);
    await quantity.press('Enter');
    await quantity.waitFor({ state: 'detached' });
  }
  await page.getByText(/^2 of \d+ counted$/).waitFor();
  await desk.scan('prod_008');
  await quantity.fill('57');
  await page.evaluate(() => window.scrollTo(0, 0));
}

async function editMany({ page }) {
  const prices = page.getByLabel(/^Price of /);
  await prices.nth(0).fill('149');
  await prices.nth(1).fill('175.50');
  await prices.nth(2).fill('1.5 kg');
  await prices.nth(3).focus();
}

await mkdir(FOLDER, { recursive: true });
const desk = await openDesk();
const [place] = (await desk.api('GET', '/locations?sort=priority')).items;
const order = await makeOrder(desk);
const purchase = await makePurchase(desk, place);
const counting = await desk.api('POST', '/counts', { location_id: place.id, scope: { category: 'Staples' } });
try {
  await take('today', { path: '/' });
  await take('orders', { path: '/orders' });
  await take('ship', { path: `/orders/${order}`, prepare: ship });
  await take('stock', { path: '/stock' });
  await take('count', { path: `/counts/${counting.count_number}`, size: PHONE, prepare: count });
  await take('receive', { path: `/purchasing/${purchase.purchase_order_number}`, prepare: receive });
  await take('edit-many', { path: '/products/edit', prepare: editMany });
  await take('reports', { path: '/reports/sales?compare=previous' });
} finally {
  await desk.api('POST', `/orders/${order}/cancel`);
  await desk.api('POST', `/purchase-orders/${purchase.id}/cancel`, {});
  await desk.api('POST', `/counts/${counting.id}/cancel`, {});
  await closeBrowser();
}
