// A day at the order desk. Each test makes its own orders, so they can run in any order on one demo store.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { closeBrowser, openDesk, URL_OF_DESK } from './desk.js';

after(closeBrowser);

let made = 0;
/** A name that nobody else has, also in another run on the same store. */
const newName = () => `Desk Test ${Date.now().toString(36)}${(made += 1)}`;

async function placeOrder(desk, quantity, more = {}) {
  return desk.api('POST', '/orders', {
    items: [{ product_id: 'tee-red', size: 'M', quantity }],
    customer_name: newName(),
    delivery_address: '4 Hill Street, Pune',
    payment_method: 'cod',
    ...more,
  });
}

const pay = (desk, order) => desk.api('POST', `/orders/${order.order_number}/payment/confirm`, { payment_reference: `ref-${order.order_number}` });
const read = (desk, order) => desk.api('GET', `/orders/${order.order_number}`);
const dialogOf = (desk) => desk.page.getByRole('dialog');
const button = (scope, name) => scope.getByRole('button', { name, exact: typeof name === 'string' });

async function closed(desk) {
  await dialogOf(desk).waitFor({ state: 'detached' });
}

test('an order is found by a scan, shipped in parts, partly cancelled, returned and refunded', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const order = await placeOrder(desk, 4);
  await pay(desk, order);

  await desk.visit('/orders');
  await desk.scan(order.order_number);
  await page.getByRole('heading', { level: 1, name: order.order_number }).waitFor();

  await button(page, 'Ship 4 units').click();
  await dialogOf(desk).getByLabel(/^Quantity: /).fill('2');
  await dialogOf(desk).getByText('2 units are left to ship after that.').waitFor();
  await dialogOf(desk).getByLabel('Tracking number').fill('EE123456789IN');
  await desk.checkAccessibility();
  await button(dialogOf(desk), 'Ship 2 of 4 units').click();
  await closed(desk);
  await page.getByText('2 to ship').waitFor();

  await button(page, 'Cancel units').click();
  await dialogOf(desk).getByLabel(/^Quantity: /).fill('1');
  await dialogOf(desk).getByLabel('Reason').fill('Ordered too many');
  await dialogOf(desk).getByText('About ₹30.00 is credited.').waitFor();
  await button(dialogOf(desk), 'Cancel 1 unit').click();
  await closed(desk);
  await page.getByText('1 cancelled').waitFor();

  await button(page, 'Ship 1 unit').click();
  await button(dialogOf(desk), 'Ship 1 unit').click();
  await closed(desk);
  await page.getByText('3 shipped').waitFor();
  const shipped = await read(desk, order);
  assert.equal(shipped.status, 'shipped');
  assert.equal(shipped.refund_due_amount, 30);
  assert.equal(shipped.shipments.length, 2);

  await button(page, 'Return units').click();
  await dialogOf(desk).getByLabel(/^Quantity: /).fill('2');
  await dialogOf(desk).getByLabel('Reason').fill('Too small');
  await button(dialogOf(desk), 'Expect 2 units back').click();
  await closed(desk);

  await button(page, 'Receive 2 units').click();
  await dialogOf(desk).getByLabel(/: On sale$/).fill('1');
  await dialogOf(desk).getByLabel(/: Quarantine$/).fill('1');
  await dialogOf(desk).getByText('About ₹60.00 is credited.').waitFor();
  await desk.checkAccessibility();
  await button(dialogOf(desk), 'Receive 2 units').click();
  await closed(desk);
  await page.getByText('1 on sale again, 1 in quarantine').waitFor();

  await button(page, 'Record refund of ₹90.00').click();
  await dialogOf(desk).getByLabel('Reference of the refund').fill(`re-${order.order_number}`);
  await button(dialogOf(desk), 'Record refund of ₹90.00').click();
  await closed(desk);
  await page.getByText('Refunded', { exact: true }).waitFor();

  const [back] = await desk.api('GET', `/orders/${order.order_number}/returns`);
  assert.deepEqual([back.lines[0].restocked_quantity, back.lines[0].quarantined_quantity], [1, 1]);
  const done = await read(desk, order);
  assert.deepEqual([done.refunded_amount, done.refund_due_amount, done.net_total], [90, 0, 30]);
  desk.checkProblems();
  await desk.close();
});

test('what is scanned while an order is packed is counted, and nothing else can be packed', async () => {
  const desk = await openDesk();
  const order = await placeOrder(desk, 3);
  await desk.visit(`/orders/${order.order_number}`);
  await button(desk.page, 'Ship 3 units').click();
  const dialog = dialogOf(desk);
  const units = dialog.getByLabel(/^Quantity: /);
  await units.waitFor();
  await desk.scan('tee-red-M');
  await button(dialog, 'Ship 1 of 3 units').waitFor();
  await desk.scan('tee-red-M');
  await button(dialog, 'Ship 2 of 3 units').waitFor();
  await desk.scan('prod_009');
  await dialog.getByText('is not to be shipped with this order.').waitFor();
  await desk.scan('tee-red-M');
  await button(dialog, 'Ship 3 units').waitFor();
  await desk.scan('tee-red-M');
  await dialog.getByText(/^All units of .* are packed\.$/).waitFor();
  await button(dialog, 'Ship 3 units').click();
  await closed(desk);
  assert.equal((await read(desk, order)).status, 'shipped');
  desk.checkProblems();
  await desk.close();
});

test('the second of two people sees what the first one did, and sends nothing', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const order = await placeOrder(desk, 2);
  const sent = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().includes('/shipments')) sent.push(request.url());
  });
  await desk.visit(`/orders/${order.order_number}`);
  await button(page, 'Ship 2 units').click();
  await dialogOf(desk).getByLabel(/^Quantity: /).fill('1');

  // A colleague ships one unit from another desk.
  await desk.api('POST', `/orders/${order.order_number}/shipments`, { lines: [{ item_id: order.items[0].id, quantity: 1 }] });
  await button(dialogOf(desk), 'Ship 1 of 2 units').click();
  await dialogOf(desk).getByText('Someone changed this order meanwhile').waitFor();
  await dialogOf(desk).getByText(/^1 unit of .* was shipped\./).waitFor();
  await dialogOf(desk).getByText('It was “New”, and is “In progress” now.').waitFor();
  assert.deepEqual(sent, []);
  assert.equal((await read(desk, order)).items[0].shipped_quantity, 1);

  await button(dialogOf(desk), 'Cancel').click();
  await closed(desk);
  await button(page, 'Ship 1 unit').waitFor();
  desk.checkProblems();
  await desk.close();
});

test('a return that a colleague received is not received a second time', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const order = await placeOrder(desk, 1);
  await desk.api('POST', `/orders/${order.order_number}/shipments`, {});
  const back = await desk.api('POST', `/orders/${order.order_number}/returns`, { lines: [{ item_id: order.items[0].id, quantity: 1, reason: 'Too small' }] });
  await desk.visit(`/returns/${back.return_number}`);
  await page.getByRole('heading', { level: 1, name: order.order_number }).waitFor();
  await button(page, 'Receive 1 unit').click();
  await dialogOf(desk).getByLabel(/: On sale$/).fill('1');
  await desk.api('POST', `/returns/${back.id}/receive`, { location_id: 1, lines: [{ line_id: back.lines[0].id, scrap: 1 }] });
  await button(dialogOf(desk), 'Receive 1 unit').click();
  await dialogOf(desk).getByText('This changed while you worked on it').waitFor();
  const after = await desk.api('GET', `/returns/${back.id}`);
  assert.deepEqual([after.receipts.length, after.lines[0].scrapped_quantity], [1, 1]);
  desk.checkProblems(/409/);
  await desk.close();
});

test('a shipment whose answer is lost is recorded once, and the user sees it', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const order = await placeOrder(desk, 2);
  await desk.visit(`/orders/${order.order_number}`);
  const keys = [];
  await page.route('**/api/v1/orders/*/shipments', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length > 1) return route.continue();
    // The server carries the request out, and the answer never arrives.
    await route.fetch();
    return route.abort('connectionreset');
  });
  await button(page, 'Ship 2 units').click();
  await button(dialogOf(desk), 'Ship 2 units').click();
  await page.getByText('The connection broke while it was being saved. It was saved once.').waitFor();
  await closed(desk);
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  const after = await read(desk, order);
  assert.deepEqual([after.shipments.length, after.items[0].shipped_quantity], [1, 2]);
  desk.checkProblems(/ERR_CONNECTION_RESET/);
  await desk.close();
});

test('several orders are shipped and printed together, and each shows its result', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await page.addInitScript(() => {
    window.printed = 0;
    window.print = () => (window.printed += 1);
  });
  const customer_name = newName();
  const orders = [];
  for (let index = 0; index < 3; index += 1) orders.push(await placeOrder(desk, 1, { customer_name }));

  await desk.visit(`/orders?q=${encodeURIComponent(customer_name)}`);
  await page.getByLabel('Select all on this page').check();
  await page.getByText('3 orders selected').waitFor();
  await desk.checkAccessibility();
  await button(page, 'Ship 3 orders').click();
  await desk.api('POST', `/orders/${orders[0].order_number}/cancel`);
  await dialogOf(desk).getByLabel('Carrier').fill('India Post');
  await button(dialogOf(desk), 'Ship 3 orders').click();
  await dialogOf(desk).getByText('2 orders shipped. 1 order could not be shipped').waitFor();
  await button(dialogOf(desk), 'Close').last().click();
  await closed(desk);
  for (const [index, status] of ['cancelled', 'shipped', 'shipped'].entries()) assert.equal((await read(desk, orders[index])).status, status);

  await page.getByLabel('Select all on this page').check();
  await page.getByRole('link', { name: 'Print 3 packing slips' }).click();
  await page.getByRole('img', { name: `Barcode of ${orders[2].order_number}` }).waitFor();
  await desk.settle();
  assert.equal(await page.getByRole('article').count(), 3);
  await desk.checkAccessibility();
  await button(page, 'Print 3 packing slips').click();
  assert.equal(await page.evaluate(() => window.printed), 1);
  await page.emulateMedia({ media: 'print' });
  assert.ok(!(await page.getByRole('button', { name: 'Print 3 packing slips' }).isVisible()), 'buttons are not printed');
  await page.emulateMedia({ media: 'screen' });
  await desk.scan(orders[2].order_number);
  await page.getByRole('heading', { level: 1, name: orders[2].order_number }).waitFor();
  desk.checkProblems(/409/);
  await desk.close();
});

test('a reference that has paid another order needs to be accepted', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const first = await placeOrder(desk, 1);
  await pay(desk, first);
  const second = await placeOrder(desk, 1, { payment_method: 'upi' });
  await desk.visit(`/orders/${second.order_number}`);
  await button(page, 'Record payment of ₹30.00').first().click();
  await dialogOf(desk).getByLabel('Reference of the payment').fill(`ref-${first.order_number}`);
  await button(dialogOf(desk), 'Record payment of ₹30.00').click();
  await dialogOf(desk).getByText('This reference has paid another order').waitFor();
  await dialogOf(desk).getByLabel('Accept the reference for this order too').check();
  await button(dialogOf(desk), 'Record payment of ₹30.00').click();
  await closed(desk);
  await button(page, 'Ship 1 unit').waitFor();
  assert.equal((await read(desk, second)).payment_status, 'paid');
  desk.checkProblems(/409/);
  await desk.close();
});

test('an order that is collected becomes ready and is handed over', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const order = await placeOrder(desk, 2, { delivery_address: undefined, pickup_location_id: 1 });
  await desk.visit(`/orders/${order.order_number}`);
  await button(page, 'Ready to be collected').click();
  await button(dialogOf(desk), 'Ready to be collected').click();
  await closed(desk);
  await button(page, 'Hand over 2 units').click();
  await button(dialogOf(desk), 'Hand over 2 units').click();
  await closed(desk);
  await page.getByText('2 collected').waitFor();
  assert.equal((await read(desk, order)).status, 'delivered');
  desk.checkProblems();
  await desk.close();
});

test('the filters stay in the URL, and Back brings them back', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const order = await placeOrder(desk, 1);
  await desk.visit('/orders?status=cancelled');
  assert.equal(await page.getByRole('link', { name: /^Cancelled/ }).getAttribute('aria-current'), 'page');
  await page.getByRole('navigation', { name: 'States of orders' }).getByRole('link', { name: /^New/ }).click();
  await page.getByRole('searchbox').fill(order.customer_name);
  await page.waitForURL(/status=pending.*q=Desk/);
  await page.getByRole('link', { name: order.order_number }).click();
  await page.getByRole('heading', { level: 1, name: order.order_number }).waitFor();
  await page.goBack();
  await page.getByRole('link', { name: order.order_number }).waitFor();
  assert.equal(await page.getByRole('searchbox').inputValue(), order.customer_name);
  desk.checkProblems();
  await desk.close();
});

test('staff place an order with the keyboard alone', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const name = newName();
  await desk.visit('/orders');
  await page.keyboard.press('n');
  await page.getByRole('heading', { level: 1, name: 'New order' }).waitFor();
  await page.getByLabel('Add a product').focus();
  await page.keyboard.type('tee-red', { delay: 60 });
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByLabel(/^Units of /).focus();
  // A field selects its number a moment after it gets the focus.
  await page.waitForTimeout(100);
  await page.keyboard.type('2');
  await page.getByLabel('Name', { exact: true }).focus();
  await page.keyboard.type(name);
  await page.getByLabel('Deliver to').focus();
  await page.keyboard.type('4 Hill Street');
  await desk.checkAccessibility();
  await button(page, 'Place the order of 2 units').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: /^ORD-/ }).waitFor();
  const { items } = await desk.api('GET', `/orders?q=${encodeURIComponent(name)}`);
  assert.deepEqual([items.length, items[0].total_items, items[0].created_by !== null], [1, 2, true]);
  desk.checkProblems();
  await desk.close();
});

test('an invoice is issued once and printed', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const order = await placeOrder(desk, 2);
  await desk.visit(`/orders/${order.order_number}`);
  await button(page, 'Issue the invoice').click();
  await button(dialogOf(desk), 'Issue the invoice').click();
  await closed(desk);
  await page.getByRole('link', { name: 'Print the invoice' }).click();
  const { invoice_number } = await read(desk, order);
  const sheet = page.getByRole('article', { name: `Invoice ${invoice_number}` });
  await sheet.getByText('₹60.00').first().waitFor();
  await desk.settle();
  await desk.checkAccessibility();
  desk.checkProblems();
  await desk.close();
});

test('an account that may only read orders is offered no step', async () => {
  const admin = await openDesk();
  const email = `reader-${Date.now().toString(36)}@example.com`;
  const account = { email, password: 'a-long-pass-phrase-1' };
  await admin.api('POST', '/users', { ...account, role: 'staff', permissions: ['orders:read'] });
  const order = await placeOrder(admin, 1);
  await admin.close();
  const desk = await openDesk({ account });
  await desk.visit(`/orders/${order.order_number}`);
  for (const name of [/^Ship/, /^Cancel/, /^Record/, /^Issue/, 'Exchange', 'Give a credit', 'Start packing']) {
    assert.equal(await button(desk.page, name).count(), 0, String(name));
  }
  await desk.visit('/orders');
  assert.equal(await desk.page.getByRole('link', { name: 'New order' }).count(), 0);
  desk.checkProblems();
  await desk.close();
});

test('the dialog that ships an order fits a phone and has no violation of accessibility in either scheme', async () => {
  for (const scheme of ['light', 'dark']) {
    const desk = await openDesk({ device: 'phone', scheme });
    const order = await placeOrder(desk, 2);
    await desk.visit(`/orders/${order.order_number}`);
    await button(desk.page, 'Ship 2 units').click();
    await dialogOf(desk).getByLabel(/^Quantity: /).waitFor();
    await desk.settle();
    await desk.checkWidth();
    await desk.checkAccessibility();
    desk.checkProblems();
    await desk.close();
  }
});

test('a wrong day in the address is refused, and the page stays', async () => {
  const desk = await openDesk();
  for (const [path, title] of [['/orders?from=2026-99-99&to=never', 'Orders'], ['/settings/audit?from=2026-99-99&to=never', 'Audit']]) {
    await desk.page.goto(`${URL_OF_DESK}/admin${path}`);
    await desk.page.getByRole('heading', { level: 1, name: title }).waitFor();
    await desk.page.getByRole('alert').first().waitFor();
    assert.equal(await desk.page.getByText('Something went wrong on this page.').count(), 0);
  }
  desk.checkProblems(/status of 422/);
  await desk.close();
});

test('a new order that is left for another page is found again', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/orders/new');
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('Kept');
  await page.getByRole('link', { name: 'Orders', exact: true }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Orders' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'New order' }).waitFor();
  assert.equal(await name.inputValue(), 'Kept');
  await page.getByRole('button', { name: 'Start over' }).click();
  assert.equal(await name.inputValue(), '');
  desk.checkProblems();
  await desk.close();
});
