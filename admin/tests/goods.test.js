// Counts, transfers and purchasing. Each test makes the products and documents that it needs.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { closeBrowser, openDesk } from './desk.js';

after(closeBrowser);

/** Requests that fail while the network is taken away on purpose. */
const AWAY = /ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_NETWORK_CHANGED|net::ERR_ABORTED|Failed to fetch/;
const REFUSED = /status of 4\d\d/;

let serial = Date.now().toString(36).toUpperCase();

function unique(prefix) {
  serial = (Number.parseInt(serial, 36) + 1).toString(36).toUpperCase();
  return `${prefix}${serial}`;
}

/** Makes products with a barcode each. */
async function makeProducts(desk, amount, fields = {}) {
  const base = unique('T');
  return Promise.all(
    Array.from({ length: amount }, (_, index) => {
      const code = `${base}-${String(index + 1).padStart(2, '0')}`;
      const body = { sku: `sku-${code}`, name: `Jar ${code}`, price: 50, cost_price: 20, barcode: `C${code}`, initial_stock: 10, ...fields };
      return desk.api('POST', '/inventory/products', body);
    }),
  );
}

async function makeCount(desk, products, fields = {}) {
  const [place] = (await desk.api('GET', '/locations?sort=priority')).items;
  return desk.api('POST', '/counts', { location_id: place.id, scope: { products: products.map(({ id }) => id) }, ...fields });
}

/** Scans a code and types how many there are. */
async function countOne(desk, code, quantity) {
  await desk.scan(code);
  const field = desk.page.getByLabel('How many are there?');
  await field.waitFor();
  await desk.page.waitForFunction(() => document.activeElement?.getAttribute('inputmode') === 'numeric');
  await desk.page.keyboard.type(String(quantity));
  await desk.page.keyboard.press('Enter');
  await field.waitFor({ state: 'detached' });
}

test('twelve codes are counted on a phone, six of them without the network, and arrive once with their own times', async () => {
  const desk = await openDesk({ device: 'phone' });
  const products = await makeProducts(desk, 12);
  const count = await makeCount(desk, products);
  await desk.visit(`/counts/${count.count_number}`);
  await desk.page.getByText('0 of 12 counted').waitFor();

  const times = [];
  for (const [index, product] of products.entries()) {
    if (index === 6) {
      await desk.page.getByText('6 of 12 counted').waitFor();
      await desk.context.setOffline(true);
    }
    const before = Date.now();
    await countOne(desk, product.barcode, index + 1);
    times.push([before, Date.now()]);
    // Names are known without the network.
    await desk.page.getByRole('list', { name: 'Entered on this device' }).getByText(product.name).waitFor();
  }
  await desk.page.getByText('6 waiting to be sent').waitFor();
  await desk.checkWidth();
  await desk.checkAccessibility();

  // A reload keeps them, although the server does not take entries yet.
  await desk.page.route('**/entries', (route) => route.abort());
  await desk.context.setOffline(false);
  await desk.page.reload();
  await desk.settle();
  await desk.page.getByText('6 waiting to be sent').waitFor();
  assert.equal((await desk.api('GET', `/counts/${count.id}/entries`)).total, 6);

  await desk.page.unroute('**/entries');
  await desk.page.getByText('12 of 12 counted').waitFor();
  await desk.page.getByText('waiting to be sent').waitFor({ state: 'detached' });

  const { items, total } = await desk.api('GET', `/counts/${count.id}/entries?limit=100&sort=id`);
  assert.equal(total, 12);
  for (const [index, product] of products.entries()) {
    const entry = items[index];
    assert.equal(entry.product_id, product.id, 'the entries arrive in their order');
    assert.equal(entry.quantity, index + 1);
    const at = Date.parse(entry.counted_at);
    const [from, to] = times[index];
    assert.ok(at >= from - 5 && at <= to + 5, `${entry.counted_at} is the time at which number ${index + 1} was counted`);
  }
  desk.checkProblems(AWAY);
  await desk.close();
});

test('an entry that the server refuses is shown with the reason until someone decides', async () => {
  const desk = await openDesk({ device: 'phone' });
  const [product] = await makeProducts(desk, 1);
  const count = await makeCount(desk, [product]);
  await desk.visit(`/counts/${count.count_number}`);
  await desk.context.setOffline(true);
  await countOne(desk, 'NOSUCHCODE', 4);
  await desk.page.getByText('1 waiting to be sent').waitFor();
  await desk.context.setOffline(false);
  await desk.page.getByText(/Not accepted: .*NOSUCHCODE/).waitFor();
  await desk.page.reload();
  await desk.settle();
  await desk.page.getByText(/Not accepted: .*NOSUCHCODE/).waitFor();
  await desk.checkAccessibility();
  await desk.page.getByRole('button', { name: 'Discard' }).click();
  await desk.page.getByRole('button', { name: 'Discard' }).click();
  await desk.page.getByText('Not accepted').waitFor({ state: 'detached' });
  desk.checkProblems(AWAY, REFUSED);
  await desk.close();
});

test('a count is made, corrected, reviewed, recounted and posted', async () => {
  const desk = await openDesk({ device: 'phone' });
  const category = unique('Shelf ');
  const products = await makeProducts(desk, 3, { category });
  await desk.visit('/counts');
  await desk.page.getByRole('button', { name: 'New count' }).first().click();
  const dialog = desk.page.getByRole('dialog');
  await dialog.getByLabel('One category').check();
  await dialog.getByLabel('Category', { exact: true }).fill(category);
  await dialog.getByRole('button', { name: 'New count' }).click();
  await desk.page.getByText('0 of 3 counted').waitFor();

  await countOne(desk, products[0].barcode, 8);
  await countOne(desk, products[0].barcode, 9);
  await countOne(desk, products[1].barcode, 10);
  await desk.page.getByRole('list', { name: 'Lines' }).getByRole('button', { name: products[2].name }).click();
  await desk.page.keyboard.type('12');
  await desk.page.keyboard.press('Enter');
  await desk.page.getByText('3 of 3 counted').waitFor();

  await desk.page.getByRole('button', { name: 'Finish counting' }).click();
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Finish counting' }).click();
  await desk.page.getByRole('button', { name: `Recount: ${products[2].name}` }).click();
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Recount' }).click();
  await desk.page.getByText('2 of 3 counted').waitFor();
  await countOne(desk, products[2].barcode, 11);
  await desk.page.getByText('3 of 3 counted').waitFor();
  await desk.page.getByRole('button', { name: 'Finish counting' }).click();
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Finish counting' }).click();
  await desk.page.getByRole('button', { name: `Recount: ${products[2].name}` }).waitFor();
  await desk.checkWidth();
  await desk.checkAccessibility();

  await desk.page.getByRole('button', { name: 'Post the differences' }).click();
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Post the differences' }).click();
  await desk.page.getByText('Posted', { exact: true }).first().waitFor();
  await desk.page.getByRole('dialog').waitFor({ state: 'detached' });
  const stocks = await Promise.all(products.map(({ id }) => desk.api('GET', `/inventory/products/${id}`)));
  assert.deepEqual(stocks.map(({ stock_quantity }) => stock_quantity), [9, 10, 11]);
  desk.checkProblems();
  await desk.close();
});

async function makeSupplier(desk) {
  const code = unique('S');
  return desk.api('POST', '/suppliers', { code, name: `Supplier ${code}`, lead_time_days: 3 });
}

async function makeOrder(desk, products, quantity = 10) {
  const supplier = await makeSupplier(desk);
  const [place] = (await desk.api('GET', '/locations?sort=priority')).items;
  const lines = products.map(({ id }) => ({ product_id: id, quantity, unit_cost: 20 }));
  const order = await desk.api('POST', '/purchase-orders', { supplier_id: supplier.id, location_id: place.id, lines });
  return desk.api('POST', `/purchase-orders/${order.id}/order`, {});
}

test('a purchase order is received by scanning, with a short line and a refused one, and closed', async () => {
  const desk = await openDesk();
  const products = await makeProducts(desk, 3);
  const order = await makeOrder(desk, products);
  await desk.visit(`/purchasing/${order.purchase_order_number}`);
  await desk.page.getByRole('button', { name: 'Receive' }).click();
  const dialog = desk.page.getByRole('dialog');
  const accepted = ({ name }) => dialog.getByLabel(`Accepted: ${name}`);

  // The first arrives in full: one scan, then the number. The second is short, scan by scan. Of the third, two are broken.
  await desk.scan(products[0].barcode);
  await desk.page.waitForFunction((name) => document.activeElement?.getAttribute('aria-label') === `Accepted: ${name}`, products[0].name);
  assert.equal(await accepted(products[0]).inputValue(), '1');
  await desk.page.keyboard.type('10');
  // A person needs longer than this between a key and a scan. Without a pause, the digits would be a part of the code.
  await desk.page.waitForTimeout(100);
  for (const expected of ['1', '2', '3']) {
    await desk.scan(products[1].barcode);
    await desk.page.waitForFunction(
      ([name, value]) => document.querySelector(`[aria-label="Accepted: ${name}"]`)?.value === value,
      [products[1].name, expected],
    );
  }
  assert.equal(await accepted(products[0]).inputValue(), '10', 'the scan left the number before it alone');
  await accepted(products[2]).fill('8');
  await dialog.getByLabel(`Refused: ${products[2].name}`).fill('2');
  await dialog.getByRole('button', { name: 'Receive 23 units' }).click();
  await dialog.getByText('This is required.').waitFor();
  await dialog.getByLabel(`Why refused: ${products[2].name}`).fill('Broken lids');
  await desk.checkAccessibility();
  await dialog.getByRole('button', { name: 'Receive 23 units' }).click();
  await dialog.waitFor({ state: 'detached' });
  await desk.page.getByText('2 refused, in quarantine: Broken lids').waitFor();

  const received = await desk.api('GET', `/purchase-orders/${order.id}`);
  assert.equal(received.status, 'partially_received');
  const figures = products.map(({ id }) => received.lines.find(({ product_id }) => product_id === id));
  assert.deepEqual(figures.map((line) => [line.accepted_quantity, line.rejected_quantity, line.outstanding_quantity]), [[10, 0, 0], [3, 0, 7], [8, 2, 0]]);

  await desk.page.getByRole('button', { name: /^Correct costs/ }).click();
  await dialog.getByLabel(products[0].name).fill('22.50');
  await dialog.getByRole('button', { name: 'Correct costs' }).click();
  await dialog.waitFor({ state: 'detached' });
  await desk.page.getByText(/entered as .*20/).waitFor();

  await desk.page.getByRole('button', { name: 'More' }).click();
  await desk.page.getByRole('menuitem', { name: 'Close the order' }).click();
  await dialog.getByText('7 units are outstanding').waitFor();
  await dialog.getByLabel('Reason').fill('Sold out at the supplier');
  await dialog.getByRole('button', { name: 'Close the order' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal((await desk.api('GET', `/purchase-orders/${order.id}`)).status, 'received');
  desk.checkProblems();
  await desk.close();
});

test('a transfer is made by scanning, sent, received in two parts, and its difference settled', async () => {
  const desk = await openDesk({ device: 'phone' });
  const [from, to] = (await desk.api('GET', '/locations?sort=priority')).items;
  const [first, second] = await makeProducts(desk, 2);
  await desk.visit('/transfers');
  await desk.page.getByRole('button', { name: 'New transfer' }).first().click();
  const dialog = desk.page.getByRole('dialog');
  await choose(desk, dialog, 'From', from.name);
  await choose(desk, dialog, 'To', to.name);
  await desk.scan(first.barcode);
  await dialog.getByLabel(`Quantity: ${first.name}`).fill('6');
  await desk.scan(second.barcode);
  await dialog.getByLabel(`Quantity: ${second.name}`).fill('4');
  await desk.checkAccessibility();
  await dialog.getByRole('button', { name: 'Plan the transfer' }).click();
  await dialog.waitFor({ state: 'detached' });

  await confirm(desk, 'Make ready');
  await desk.page.getByRole('button', { name: 'Send' }).click();
  await dialog.getByLabel('Tracking number').fill('TRACK-7');
  await dialog.getByRole('button', { name: 'Send 10 units' }).click();
  await dialog.waitFor({ state: 'detached' });

  const receive = async (amounts, title) => {
    await desk.page.getByRole('button', { name: 'Receive' }).click();
    await dialog.getByLabel('Scan or type a code').waitFor();
    for (const [product, amount] of amounts) {
      await desk.scan(product.barcode);
      const field = dialog.getByLabel(`Accepted: ${product.name}`);
      await desk.page.waitForFunction((name) => document.activeElement?.getAttribute('aria-label') === `Accepted: ${name}`, product.name);
      await field.fill(String(amount));
    }
    await desk.checkWidth();
    await dialog.getByRole('button', { name: title }).click();
    await dialog.waitFor({ state: 'detached' });
  };
  await receive([[first, 2], [second, 4]], 'Receive 6 units');
  await receive([[first, 3]], 'Receive 3 units');

  await desk.page.getByRole('button', { name: 'Settle differences' }).click();
  await dialog.getByLabel(first.name).fill('1');
  await dialog.getByLabel('Reason').fill('Fell off the truck');
  await dialog.getByText('They are lost').click();
  await dialog.getByRole('button', { name: 'Record as lost' }).click();
  await dialog.waitFor({ state: 'detached' });
  await desk.checkWidth();

  const number = (await desk.page.locator('h1').textContent()).trim();
  const transfer = await desk.api('GET', `/transfers/${number}`);
  assert.equal(transfer.status, 'received');
  assert.equal(transfer.receipts.length, 2);
  const line = transfer.lines.find(({ product_id }) => product_id === first.id);
  assert.deepEqual([line.accepted_quantity, line.lost_quantity, line.outstanding_quantity], [5, 1, 0]);
  desk.checkProblems();
  await desk.close();
});

async function choose(desk, scope, label, option) {
  await scope.getByRole('combobox', { name: label, exact: true }).or(scope.getByRole('textbox', { name: label, exact: true })).first().click();
  await desk.page.getByRole('option', { name: option }).click();
}

async function confirm(desk, name) {
  await desk.page.getByRole('button', { name }).click();
  await desk.page.getByRole('dialog').getByRole('button', { name }).click();
  await desk.page.getByRole('dialog').waitFor({ state: 'detached' });
}

test('of two people who receive the same order, the second sees what the first did', async () => {
  const desk = await openDesk();
  const products = await makeProducts(desk, 2);
  const order = await makeOrder(desk, products);
  const account = { email: `${unique('asha')}@example.com`.toLowerCase(), password: 'stockroom-goods' };
  const permissions = ['inventory:read', 'inventory:update', 'purchasing:manage'];
  await desk.api('POST', '/users', { ...account, full_name: 'Asha Rao', role: 'staff', permissions });
  const colleague = await openDesk({ account });

  await desk.visit(`/purchasing/${order.purchase_order_number}`);
  await desk.page.getByRole('button', { name: 'Receive' }).click();
  const dialog = desk.page.getByRole('dialog');
  await dialog.getByLabel(`Accepted: ${products[0].name}`).fill('6');

  await colleague.visit(`/purchasing/${order.purchase_order_number}`);
  await colleague.page.getByRole('button', { name: 'Receive' }).click();
  await colleague.page.getByLabel(`Accepted: ${products[0].name}`).fill('4');
  await colleague.page.getByRole('button', { name: 'Receive 4 units' }).click();
  await colleague.page.getByRole('dialog').waitFor({ state: 'detached' });

  await dialog.getByRole('button', { name: 'Receive 6 units' }).click();
  await dialog.getByText('A colleague changed this meanwhile').waitFor();
  await dialog.getByText(/Asha Rao received 4 units/).waitFor();
  assert.equal((await desk.api('GET', `/purchase-orders/${order.id}`)).receipts.length, 1, 'nothing was received on top unseen');
  await desk.checkAccessibility();
  await dialog.getByRole('button', { name: 'Go on with the present figures' }).click();
  await dialog.getByText('6 expected').waitFor();
  assert.equal(await dialog.getByLabel(`Accepted: ${products[0].name}`).inputValue(), '6', 'what was entered is still there');
  await dialog.getByRole('button', { name: 'Receive 6 units' }).click();
  await dialog.waitFor({ state: 'detached' });
  const line = (await desk.api('GET', `/purchase-orders/${order.id}`)).lines.find(({ product_id }) => product_id === products[0].id);
  assert.deepEqual([line.accepted_quantity, line.outstanding_quantity], [10, 0]);
  desk.checkProblems(REFUSED);
  colleague.checkProblems();
  await colleague.close();
  await desk.close();
});

test('suppliers, their items and drafts from the reorder list', async () => {
  const desk = await openDesk();
  const [product] = await makeProducts(desk, 1, { initial_stock: 1, min_stock_level: 5, max_stock_level: 20 });
  await desk.visit('/purchasing/suppliers');
  await desk.page.getByRole('button', { name: 'New supplier' }).click();
  const dialog = desk.page.getByRole('dialog');
  const code = unique('N');
  await dialog.getByLabel('Name').fill(`Mills ${code}`);
  await dialog.getByLabel('Code').fill(code);
  await dialog.getByRole('button', { name: 'Add the supplier' }).click();
  await desk.page.getByRole('heading', { name: `Mills ${code}` }).waitFor();
  await desk.page.getByRole('button', { name: 'Add an item' }).click();
  await desk.scan(product.barcode);
  await dialog.getByText(product.name).waitFor();
  await dialog.getByLabel('Unit cost').fill('18.00');
  await dialog.getByLabel('Units in a pack').fill('6');
  await dialog.getByRole('button', { name: 'Add an item' }).click();
  await dialog.waitFor({ state: 'detached' });
  await desk.page.getByRole('cell', { name: product.name }).first().waitFor();

  const id = Number(new URL(desk.page.url()).pathname.split('/').at(-1));
  await desk.visit(`/purchasing/reorder?supplier=${id}`);
  await desk.page.getByRole('cell', { name: product.name }).first().waitFor();
  await desk.checkAccessibility();
  await desk.page.getByRole('button', { name: 'Make purchase orders' }).click();
  await dialog.getByRole('button', { name: 'Make purchase orders' }).click();
  await desk.page.getByRole('link', { name: /^PO-/ }).click();
  await desk.page.getByText('Draft').first().waitFor();
  await confirm(desk, 'Order');
  await desk.page.getByText('Ordered').first().waitFor();
  const orders = await desk.api('GET', `/purchase-orders?supplier=${id}`);
  assert.deepEqual(orders.items.map(({ status, quantity }) => [status, quantity % 6]), [['ordered', 0]]);
  desk.checkProblems();
  await desk.close();
});
