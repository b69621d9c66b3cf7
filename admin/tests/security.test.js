// The desk against others: pages of other sites, and people who type markup where staff read it. The policy of the page
// stops scripts too, but these tests want that there is nothing to stop: what others typed is text on every page.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { closeBrowser, openDesk, until, URL_OF_DESK } from './desk.js';

const API = `${URL_OF_DESK}/api/v1`;
const CUSTOMER = { email: 'customer@example.com', password: 'stockroom-demo' };
const run = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e3).toString(36)}`;

const IMAGE = '<img src=x onerror="window.__xss=1">';
/** A text that would run a script if it were taken as markup. Each field has its own word. It fits into 100 characters. */
const hostile = (word) => `${IMAGE} <script> window.__xss = 2 </script> ${word} ${run}`;
/** A size of at most 50 characters. */
const SIZE = `${IMAGE} L`;

/** Another site, on another port of this machine, and a receiver of webhooks that answers with markup. */
const site = createServer((request, response) => {
  request.resume();
  const body = request.method === 'POST' ? hostile('answer') : '<!doctype html><title>Another site</title><h1>Another site</h1>';
  response.writeHead(200, { 'Content-Type': 'text/html' }).end(body);
});

before(async () => {
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
});
after(async () => {
  site.close();
  await closeBrowser();
});

/**
 * The origins of the other site. The browser takes a page of the desk's own host name for the same site, whatever its port,
 * and sends the cookie. For the other name it does not.
 */
function origins() {
  const own = new URL(URL_OF_DESK).hostname;
  const { port } = site.address();
  return [
    { origin: `http://${own}:${port}`, hasCookie: true },
    { origin: `http://${own === 'localhost' ? '127.0.0.1' : 'localhost'}:${port}`, hasCookie: false },
  ];
}

let made = 0;

function makeProduct(desk, fields = {}) {
  made += 1;
  return desk.api('POST', '/inventory/products', { sku: `safe-${run}-${made}`, name: `Safe ${run} ${made}`, price: 10, initial_stock: 20, ...fields });
}

const placeOrder = (desk, product, fields = {}) => desk.api('POST', '/orders', { items: [{ product_id: product.id, quantity: 1 }], ...fields });

/** Submits a form on a page of another origin, as a click there does. The status of the answer. */
async function submitForm(desk, origin, { action, enctype, fields }) {
  const page = await desk.context.newPage();
  await page.goto(origin);
  const answered = page.waitForResponse((response) => response.url() === action);
  await page.evaluate(
    (wanted) => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action: wanted.action, enctype: wanted.enctype });
      for (const [name, value] of Object.entries(wanted.fields)) form.append(Object.assign(document.createElement('input'), { name, value }));
      document.body.append(form);
      setTimeout(() => form.submit());
    },
    { action, enctype, fields },
  );
  // The page stays open: Chromium may still show the answer, and closing it then can hang.
  return (await answered).status();
}

test('a page of another origin changes nothing and reads nothing', async () => {
  const desk = await openDesk();
  const product = await makeProduct(desk);
  const forged = `forged-${run}`;
  const body = JSON.stringify({ sku: forged, name: 'Forged', price: 1 });
  for (const { origin, hasCookie } of origins()) {
    const order = await placeOrder(desk, product);
    const page = await desk.context.newPage();
    const answers = [];
    page.on('response', (response) => answers.push([response.request().method(), response.url(), response.status()]));
    await page.goto(origin);

    const outcome = await page.evaluate(
      async ({ api, cancel, archive, product: text }) => {
        const send = (url, options) => fetch(url, { credentials: 'include', ...options }).then(() => 'answered', () => 'blocked');
        const json = { 'Content-Type': 'application/json', 'X-Requested-With': 'desk' };
        navigator.sendBeacon(cancel);
        await send(cancel, { method: 'POST', mode: 'no-cors' });
        await send(`${api}/inventory/products`, { method: 'POST', mode: 'no-cors', headers: { 'Content-Type': 'text/plain' }, body: text });
        const stream = new EventSource(`${api}/events/stream`, { withCredentials: true });
        const streamed = await new Promise((resolve) => {
          stream.onopen = () => resolve('answered');
          stream.onerror = () => resolve('blocked');
        });
        stream.close();
        return {
          cancelled: await send(cancel, { method: 'POST', headers: json }),
          written: await send(`${api}/inventory/products`, { method: 'POST', headers: json, body: text }),
          archived: await send(archive, { method: 'DELETE' }),
          account: await send(`${api}/auth/session`),
          orders: await send(`${api}/orders`),
          streamed,
        };
      },
      { api: API, cancel: `${API}/orders/${order.order_number}/cancel`, archive: `${API}/inventory/products/${product.id}`, product: body },
    );
    const blocked = { cancelled: 'blocked', written: 'blocked', archived: 'blocked', account: 'blocked', orders: 'blocked', streamed: 'blocked' };
    assert.deepEqual(outcome, blocked, origin);

    // Forms are sent without asking first. A field can even look like JSON.
    const asJson = { [`${body.slice(0, -1)},"unit":"`]: '"}' };
    const signIn = { [`${JSON.stringify(CUSTOMER).slice(0, -1)},"more":"`]: '"}' };
    for (const [path, enctype, fields] of [
      [`/orders/${order.order_number}/cancel`, 'application/x-www-form-urlencoded', {}],
      [`/orders/${order.order_number}/cancel`, 'multipart/form-data', { reason: 'Forged' }],
      ['/inventory/products', 'text/plain', asJson],
      ['/auth/session', 'text/plain', signIn],
    ]) {
      const status = await submitForm(desk, origin, { action: `${API}${path}`, enctype, fields });
      if (hasCookie || path === '/auth/session') assert.equal(status, 403, `${origin} ${path}`);
      else assert.ok(status >= 400, `${origin} ${path}: ${status}`);
    }

    const accepted = answers.filter(([method, url, status]) => url.startsWith(API) && method !== 'GET' && status < 400);
    assert.deepEqual(accepted, [], 'the server refused whatever reached it');
    assert.equal((await desk.api('GET', `/orders/${order.order_number}`)).status, order.status);
    await page.close();
  }
  assert.equal((await desk.context.request.get(`${API}/inventory/products/${forged}`)).status(), 404);
  assert.equal((await desk.api('GET', `/inventory/products/${product.id}`)).status, 'active');
  assert.equal((await desk.api('GET', '/auth/session')).user.role, 'admin', 'the browser is still signed in to its account');
  await desk.close();
});

test('a page of the desk itself needs the header, and with it the same request is carried out', async () => {
  const desk = await openDesk();
  const order = await placeOrder(desk, await makeProduct(desk));
  await desk.visit('/account');
  const cancel = (headers) =>
    desk.page.evaluate(
      async ([url, sent]) => {
        const response = await fetch(url, { method: 'POST', headers: sent });
        return [response.status, (await response.json()).code ?? null];
      },
      [`${API}/orders/${order.order_number}/cancel`, headers],
    );
  assert.deepEqual(await cancel({}), [403, 'FORBIDDEN']);
  assert.deepEqual(await cancel({ 'X-Requested-With': '' }), [403, 'FORBIDDEN']);
  assert.equal((await desk.api('GET', `/orders/${order.order_number}`)).status, order.status);
  assert.deepEqual(await cancel({ 'X-Requested-With': 'desk' }), [200, null]);
  assert.equal((await desk.api('GET', `/orders/${order.order_number}`)).status, 'cancelled');
  desk.checkProblems(/status of 403/);
  await desk.close();
});

test('a page of another origin cannot show the desk in a frame', async () => {
  const desk = await openDesk();
  for (const { origin } of origins()) {
    for (const path of ['/admin/', '/admin/orders']) {
      const page = await desk.context.newPage();
      const asked = [];
      page.on('request', (request) => asked.push(request.url()));
      const url = `${URL_OF_DESK}${path}`;
      const policy = (await desk.context.request.get(url)).headers()['content-security-policy'];
      assert.match(policy, /frame-ancestors 'none'/);
      await page.goto(origin);
      await page.evaluate((src) => void document.body.append(Object.assign(document.createElement('iframe'), { src, width: 900, height: 600 })), url);
      // The frame has the browser's own page about an error.
      await until(
        () => page.frames().slice(1).map((frame) => frame.url()),
        (urls) => urls.length === 1 && urls[0].startsWith('chrome-error:'),
      );
      await page.waitForTimeout(300);
      assert.deepEqual(asked.filter((one) => one.startsWith(URL_OF_DESK)), [url], 'no script of the desk was loaded');
      await page.close();
    }
  }
  await desk.close();
});

/** Fails if a script of the markup ran, if the page has an element of it, or a link that is none to an address. */
async function checkHarmless({ page }) {
  const found = await page.evaluate(() => ({
    ran: String(window.__xss),
    elements: [...document.querySelectorAll('[onerror], [onload], img[src="x"], body script:not([src])')].map((element) => element.outerHTML),
    links: [...document.querySelectorAll('a[href]')].map((link) => link.href).filter((href) => !/^(https?|mailto|tel):/.test(href)),
  }));
  assert.deepEqual(found, { ran: 'undefined', elements: [], links: [] }, page.url());
}

/** Opens a page, and fails unless it shows the texts of these words as they were typed. */
async function checkShown(desk, path, words) {
  await desk.visit(path);
  for (const word of words) {
    const shown = desk.page.locator('main').getByText(hostile(word)).filter({ visible: true });
    await shown.first().waitFor().catch((error) => assert.fail(`${path} does not show "${word}": ${error.message}`));
  }
  await checkHarmless(desk);
}

test('what customers type is text for staff', async () => {
  const [desk, customer] = [await openDesk(), await openDesk({ account: CUSTOMER })];
  const { page } = desk;
  const product = await makeProduct(desk, { name: hostile('goods') });
  const address = { full_name: hostile('receiver'), phone: '+91 98450-12345', line1: hostile('street'), city: hostile('city'), postal_code: '560001', country: 'IN' };
  const { id: shipping_address_id } = await customer.api('POST', '/addresses', address);
  const order = await customer.api('POST', '/orders', { items: [{ product_id: product.id, quantity: 3 }], shipping_address_id, notes: hostile('notes') });
  const { order_number: number, items: [item] } = order;
  const path = `/orders/${number}`;

  await desk.api('POST', `${path}/payment/confirm`, { payment_reference: hostile('payment') });
  await desk.api('POST', `${path}/invoice`);
  const ship = (fields) => desk.api('POST', `${path}/shipments`, { lines: [{ item_id: item.id, quantity: 1 }], ...fields });
  const arrived = await ship({ carrier: hostile('carrier'), tracking_number: hostile('tracking') });
  await desk.api('POST', `/shipments/${arrived.id}/delivered`);
  const lost = await ship({});
  await desk.api('POST', `/shipments/${lost.id}/lost`, { reason: hostile('lost') });
  await customer.api('POST', `${path}/returns`, { lines: [{ item_id: item.id, quantity: 1, reason: hostile('returned') }], note: hostile('remark') });
  await desk.api('POST', `${path}/credits`, { amount: 1, reason: hostile('credit') });
  const cancelled = await customer.api('POST', '/orders', { items: [{ product_id: product.id, quantity: 1 }], shipping_address_id });
  await customer.api('POST', `/orders/${cancelled.order_number}/cancel`, { reason: hostile('cancelled') });
  // Anybody can register, without a session.
  const account = { email: `xss-${run}@example.com`, password: `a long one of ${run}`, full_name: hostile('stranger') };
  const registered = await fetch(`${API}/auth/register`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(account) });
  assert.equal(registered.status, 201, await registered.text());

  for (const [shown, ...words] of [
    [`/orders?q=${number}`, 'receiver'],
    [path, 'goods', 'receiver', 'street', 'city', 'notes', 'payment', 'carrier', 'tracking', 'lost', 'returned', 'remark', 'credit'],
    [`/orders/slips?numbers=${number}`, 'goods', 'receiver', 'street', 'city', 'notes'],
    [`/orders/slips?numbers=${number}&shipment=${arrived.shipment_number}`, 'goods', 'carrier', 'tracking'],
    [`${path}/invoice`, 'goods', 'receiver', 'street', 'city'],
    [`/orders/${cancelled.order_number}`, 'cancelled'],
    [`/settings/staff?q=${account.email}`, 'stranger'],
  ]) {
    await checkShown(desk, shown, words);
  }

  await desk.visit(path);
  await page.getByRole('button', { name: 'Ship 1 unit' }).click();
  await page.getByRole('dialog').getByText(hostile('goods')).first().waitFor();
  await checkHarmless(desk);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  const search = page.getByRole('dialog', { name: 'Search everything' });
  await search.getByRole('textbox').fill(run);
  await search.getByText(hostile('goods')).first().waitFor();
  await checkHarmless(desk);
  desk.checkProblems();
  await customer.close();
  await desk.close();
});

test('what colleagues type about goods, places and deliveries is text', async () => {
  const desk = await openDesk();
  const texts = { name: hostile('goods'), brand: hostile('brand'), category: hostile('category'), description: hostile('description') };
  const product = await makeProduct(desk, { ...texts, sku: `${IMAGE}-${run}`, initial_stock: undefined, sizes: [{ size: SIZE, sku: `size-${run}`, initial_stock: 5 }] });
  const line = { product_id: product.id, size: SIZE, quantity: 1 };
  const [from] = (await desk.api('GET', '/locations?sort=priority')).items;
  const to = await desk.api('POST', '/locations', { code: `xss-${run}`, name: hostile('place'), region: hostile('region'), sells_online: false, priority: 900 });

  const stock = { movement_type: 'in', quantity: 5, size: SIZE, location_id: from.id, reason: hostile('movement'), reference_id: hostile('reference') };
  await desk.api('PUT', `/inventory/products/${product.id}/stock`, stock);
  const reservation = await desk.api('POST', '/reservations', { items: [line], reference_id: hostile('reservation'), ttl_seconds: 600 });

  const supplier = await desk.api('POST', '/suppliers', { code: `XSS${run}`, name: hostile('supplier'), phone: IMAGE, notes: hostile('terms') });
  await desk.api('POST', `/suppliers/${supplier.id}/items`, { product_id: product.id, size: SIZE, unit_cost: 5, supplier_sku: hostile('item') });
  const draft = { supplier_id: supplier.id, location_id: from.id, reference: hostile('order'), notes: hostile('agreed'), lines: [{ ...line, quantity: 3, unit_cost: 5 }] };
  const purchase = await desk.api('POST', '/purchase-orders', draft);
  await desk.api('POST', `/purchase-orders/${purchase.id}/order`, {});
  const received = { line_id: purchase.lines[0].id, accepted: 1, rejected: 1, reject_reason: hostile('broken') };
  await desk.api('POST', `/purchase-orders/${purchase.id}/receive`, { lines: [received], reference: hostile('delivery') });
  await desk.api('POST', `/purchase-orders/${purchase.id}/close`, { reason: hostile('closed') });

  const sending = { from_location_id: from.id, to_location_id: to.id, reference: hostile('transfer'), notes: hostile('van'), lines: [line] };
  const transfer = await desk.api('POST', '/transfers', sending);
  await desk.api('POST', `/transfers/${transfer.id}/ready`);
  await desk.api('POST', `/transfers/${transfer.id}/send`, { tracking: hostile('parcel') });
  const count = await desk.api('POST', '/counts', { location_id: from.id, scope: { products: [product.id] } });
  const alert = await desk.api('POST', '/alerts', { kind: 'low_stock', to: ['mail:staff@example.com'], filter: { category: hostile('alert') } });

  for (const [path, ...words] of [
    [`/stock?q=${run}`, 'goods'],
    [`/products?q=${run}`, 'goods', 'brand', 'category'],
    [`/products/${product.id}`, 'goods', 'brand', 'category', 'description', 'movement'],
    [`/products/edit?q=${run}`, 'goods'],
    [`/stock/movements?reference_id=${encodeURIComponent(hostile('reference'))}`, 'movement', 'reference'],
    [`/stock/reservations?reference_id=${encodeURIComponent(hostile('reservation'))}`, 'reservation', 'goods'],
    [`/purchasing/suppliers?q=${run}`, 'supplier'],
    [`/purchasing/suppliers/${supplier.id}`, 'supplier', 'terms', 'goods', 'item'],
    [`/purchasing?supplier=${supplier.id}`, 'supplier'],
    [`/purchasing/${purchase.purchase_order_number}`, 'supplier', 'order', 'agreed', 'goods', 'broken', 'delivery', 'closed'],
    [`/transfers/${transfer.transfer_number}`, 'transfer', 'van', 'parcel', 'place', 'goods'],
    [`/counts/${count.count_number}`, 'goods'],
    ['/settings/places?sort=-priority', 'place', 'region'],
    ['/settings/alerts', 'alert'],
    [`/settings/audit?entity=Product&entity_id=${product.id}`],
  ]) {
    await checkShown(desk, path, words);
  }

  await desk.api('DELETE', `/alerts/${alert.id}`);
  await desk.api('POST', `/counts/${count.id}/cancel`, { reason: hostile('cancelled') });
  await desk.api('POST', `/reservations/${reservation.id}/release`);
  desk.checkProblems();
  await desk.close();
});

test('cells and columns of an import are text', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const rows = [{ sku: `${IMAGE}-row-${run}`, name: hostile('cell'), price: hostile('price') }];
  const check = await desk.api('POST', '/imports?kind=products&on_error=skip&dry_run=true', rows);
  await until(() => desk.api('GET', `/imports/${check.id}`), ({ state }) => state !== 'running');
  await desk.visit(`/products/import?id=${check.id}`);
  const refused = page.getByRole('region', { name: 'Refused rows' });
  await refused.getByText(`${IMAGE}-row-${run}`).first().waitFor();
  await refused.getByText('price:').waitFor();
  await checkHarmless(desk);

  await page.locator('input[type=file]').setInputFiles({ name: 'goods.csv', mimeType: 'text/csv', buffer: Buffer.from('sku,<img src=x onerror=window.__xss=1>\na,1\n') });
  await page.getByRole('button', { name: 'Check the file' }).click();
  await page.getByRole('alert').getByText('<img src=x').first().waitFor();
  await checkHarmless(desk);
  desk.checkProblems(/status of 4\d\d/);
  await desk.close();
});

test('what the receiver of a webhook answers is text, and its address is one of the web', async () => {
  const desk = await openDesk();
  const { page } = desk;
  for (const url of ['javascript:window.__xss=1', 'data:text/html,<script>window.__xss=1</script>']) {
    const refused = await desk.context.request.post(`${API}/webhooks`, { headers: { 'X-Requested-With': 'desk-tests' }, data: { url } });
    assert.equal(refused.status(), 422, url);
  }
  const url = `http://127.0.0.1:${site.address().port}/${run}`;
  const webhook = await desk.api('POST', '/webhooks', { url, description: hostile('hook'), types: ['product.created'] });
  await desk.api('POST', `/webhooks/${webhook.id}/test`);
  await until(() => desk.api('GET', `/webhooks/${webhook.id}/deliveries`), ({ items }) => items.some(({ state }) => state === 'succeeded'));
  await checkShown(desk, '/settings/webhooks?sort=-id', ['hook']);
  await checkShown(desk, `/settings/webhooks/${webhook.id}`, ['hook']);
  await page.getByRole('button', { name: /^Show webhook\.test/ }).click();
  assert.equal(await page.getByRole('dialog').locator('pre').innerText(), hostile('answer'));
  await checkHarmless(desk);
  await desk.api('DELETE', `/webhooks/${webhook.id}`);
  desk.checkProblems();
  await desk.close();
});

test('a link to a parcel leads to the web, or there is none', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const order = await placeOrder(desk, await makeProduct(desk), { customer_name: 'Asha Rao', customer_phone: 'javascript:window.__xss=1' });
  const shipment = await desk.api('POST', `/orders/${order.order_number}/shipments`, { tracking_url: 'https://example.com/parcel' });
  for (const url of ['javascript:window.__xss=1', 'JavaScript:window.__xss=1//https://', ' javascript:window.__xss=1', 'data:text/html,hello', '//example.com/parcel']) {
    const refused = await desk.context.request.patch(`${API}/shipments/${shipment.id}`, { headers: { 'X-Requested-With': 'desk-tests' }, data: { tracking_url: url } });
    assert.equal(refused.status(), 422, url);
  }
  await desk.visit(`/orders/${order.order_number}`);
  const link = page.getByRole('link', { name: 'Follow the parcel' });
  assert.deepEqual([await link.getAttribute('href'), await link.getAttribute('rel')], ['https://example.com/parcel', 'noreferrer']);
  await checkHarmless(desk);

  // Even if the server had such an address, as from an older import, there would be no link.
  await page.route(`**/api/v1/orders/${order.order_number}`, async (route) => {
    const answer = await (await route.fetch()).json();
    answer.shipments[0].tracking_url = 'javascript:window.__xss=1';
    await route.fulfill({ json: answer });
  });
  await desk.visit(`/orders/${order.order_number}`);
  await page.getByText(shipment.shipment_number).first().waitFor();
  assert.equal(await link.count(), 0);
  await checkHarmless(desk);
  desk.checkProblems();
  await desk.close();
});

test('markup in the address is text', async () => {
  const desk = await openDesk();
  const typed = encodeURIComponent(IMAGE);
  const paths = ['/orders?q=', '/orders/', '/orders/slips?numbers=', '/products/', '/products/import?id=', '/stock/movements?reference_id=', '/counts/', '/settings/audit?actor=', '/no/such/'];
  for (const path of paths) {
    await desk.visit(`${path}${typed}`);
    await checkHarmless(desk);
  }
  await desk.visit(`/orders/${typed}`);
  await desk.page.getByRole('heading', { level: 1, name: IMAGE }).waitFor();
  desk.checkProblems(/status of 4\d\d/);
  await desk.close();
});
