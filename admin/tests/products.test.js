// The pages of products, with real requests to a running desk. Each test makes what it needs, under names that are
// used once, so the tests can run in any order and again on the same store.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { closeBrowser, openDesk, until } from './desk.js';

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

/** Puts text on the clipboard of the page's focused field, as a spreadsheet does. */
async function paste(desk, field, text) {
  await field.focus();
  await field.evaluate((element, pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, text);
}

after(closeBrowser);

test('prices pasted from a spreadsheet are saved, and a bad cell stays with its reason', async () => {
  const desk = await openDesk();
  const tag = unique('grid');
  const products = [];
  for (const [index, price] of [10, 20, 30].entries()) {
    products.push(await makeProduct(desk, { name: `${tag} ${index}`, price, min_stock_level: 1 }));
  }
  await desk.visit(`/products/edit?q=${tag}`);
  const cell = (column, index) => desk.page.getByLabel(`${column} of ${tag} ${index}`, { exact: true });
  await paste(desk, cell('Price', 0), '₹1,011.50\t1200\r\ntwelve\t\r\n33\t40.5\r\n');

  await desk.page.getByText('1 cell cannot be saved').waitFor();
  assert.equal(await cell('Price', 1).inputValue(), 'twelve');
  assert.equal(await cell('Price', 1).getAttribute('aria-invalid'), 'true');
  assert.equal(await cell('List price', 0).inputValue(), '1200');

  // A minimum by keyboard alone: Enter goes to the row below.
  await cell('Minimum', 0).focus();
  await desk.page.keyboard.type('7');
  await desk.page.keyboard.press('Enter');
  await desk.page.keyboard.type('8');
  await desk.page.keyboard.press('Tab');

  await desk.page.getByRole('button', { name: 'Save 2 changed rows' }).click();
  await desk.page.getByText('2 rows were saved. 1 row has a mistake and is not saved.').waitFor();
  assert.equal(await cell('Price', 1).inputValue(), 'twelve');
  assert.equal(await cell('Minimum', 1).inputValue(), '8');
  const read = async (index) => desk.api('GET', `/inventory/products/${products[index].id}`);
  assert.deepEqual([(await read(0)).price, (await read(0)).mrp, (await read(0)).min_stock_level], [1011.5, 1200, 7]);
  assert.deepEqual([(await read(1)).price, (await read(1)).min_stock_level], [20, 1]);
  assert.deepEqual([(await read(2)).price, (await read(2)).mrp], [33, 40.5]);

  await cell('Price', 1).fill('12');
  await desk.page.getByRole('button', { name: 'Save 1 changed row' }).click();
  await desk.page.getByText('1 row was saved').waitFor();
  assert.deepEqual([(await read(1)).price, (await read(1)).min_stock_level], [12, 8]);
  desk.checkProblems();
  await desk.close();
});

test('a price that someone else changed is shown before it is replaced, and changes survive another page', async () => {
  const desk = await openDesk();
  const product = await makeProduct(desk, { price: 50 });
  await desk.visit(`/products/edit?q=${product.sku}`);
  const price = desk.page.getByLabel(`Price of ${product.name}`, { exact: true });
  await price.fill('55');
  await desk.page.getByRole('link', { name: 'Movements' }).first().click();
  await desk.page.getByRole('heading', { level: 1, name: 'Movements' }).waitFor();
  await desk.page.goBack();
  assert.equal(await price.inputValue(), '55');

  await desk.api('PATCH', `/inventory/products/${product.id}`, { price: 52 });
  await desk.page.getByRole('button', { name: 'Save 1 changed row' }).click();
  await desk.page.getByText('Other people changed some of these values meanwhile').waitFor();
  await desk.page.getByText('It was 50.00 and is 52.00 now. Saving replaces it.').waitFor();
  assert.equal((await desk.api('GET', `/inventory/products/${product.id}`)).price, 52);
  await desk.page.getByRole('button', { name: 'Save 1 changed row' }).click();
  await desk.page.getByText('1 row was saved').waitFor();
  assert.equal((await desk.api('GET', `/inventory/products/${product.id}`)).price, 55);
  desk.checkProblems();
  await desk.close();
});

test('a file is checked, its refused rows are shown and downloaded, and the good ones are imported', async () => {
  const desk = await openDesk();
  const [good, bad] = [unique('imp'), unique('imp')];
  const csv = `sku,name,price\n${good},Imported tea,12.50\n${bad},Imported coffee,cheap\n`;
  await desk.visit('/products/import');
  await desk.page.locator('input[type=file]').setInputFiles({ name: 'tea.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await desk.page.getByRole('button', { name: 'Check the file' }).click();
  await desk.page.getByText('Nothing was changed yet.').waitFor();
  const rows = desk.page.getByRole('region', { name: 'Refused rows' });
  await rows.getByText(bad).waitFor();
  await rows.getByText('price:').waitFor();
  assert.equal((await desk.context.request.get(`${new URL(desk.page.url()).origin}/api/v1/inventory/products/${good}`)).status(), 404);

  const [file] = await Promise.all([
    desk.page.waitForEvent('download'),
    desk.page.getByRole('button', { name: 'Download the refused rows' }).click(),
  ]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  assert.match(text, /error/);
  assert.ok(text.includes(bad) && !text.includes(good));

  await desk.page.getByRole('button', { name: 'Import 1 row' }).click();
  await desk.page.getByText('The import is done.').waitFor();
  assert.equal((await desk.api('GET', `/inventory/products/${good}`)).price, 12.5);
  await desk.checkAccessibility();

  // The result can be looked at later, in a window that does not have the file.
  await desk.page.reload();
  await desk.page.getByText('The import is done.').waitFor();
  desk.checkProblems(/404/);
  await desk.close();
});

test('a workbook, a file in another encoding and a wrong column are refused with what to do', async () => {
  const desk = await openDesk();
  await desk.visit('/products/import');
  const choose = (name, buffer) => desk.page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer });
  await choose('prices.xlsx', Buffer.from('PK'));
  await desk.page.getByText('This is a workbook. Save it as CSV').waitFor();
  await choose('prices.csv', Buffer.from('sku,pricee\na,1\n'));
  await desk.page.getByRole('button', { name: 'Check the file' }).click();
  await desk.page.getByRole('alert').getByText(/pricee/).waitFor();
  await choose('prices.csv', Buffer.from('sku,name\na,T\xe9\n', 'latin1'));
  await desk.page.getByRole('button', { name: 'Check the file' }).click();
  await desk.page.getByRole('alert').getByText(/UTF-8/).waitFor();
  desk.checkProblems(/4\d\d/);
  await desk.close();
});

test('an export has the rows of the store, and is an import without changes', async () => {
  const desk = await openDesk();
  const product = await makeProduct(desk);
  await desk.visit('/products/import');
  const [file] = await Promise.all([desk.page.waitForEvent('download'), desk.page.getByRole('button', { name: 'Download CSV' }).click()]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().split(/\r?\n/);
  const line = lines.find((one) => one.includes(product.sku));
  assert.ok(line);
  const csv = Buffer.from(`${lines[0]}\n${line}\n`);
  await desk.page.locator('input[type=file]').setInputFiles({ name: 'again.csv', mimeType: 'text/csv', buffer: csv });
  await desk.page.getByRole('button', { name: 'Check the file' }).click();
  await desk.page.getByText('There is nothing to import').waitFor();
  desk.checkProblems();
  await desk.close();
});

test('a product is made, scanned, edited, archived and put back on sale', async () => {
  const desk = await openDesk();
  const sku = unique('new');
  const name = `Earl Grey ${sku}`;
  await desk.visit('/products');
  await desk.page.getByRole('button', { name: 'New product' }).click();
  const dialog = desk.page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('SKU').fill(sku);
  await dialog.getByRole('textbox', { name: 'Price', exact: true }).fill('15');
  await dialog.getByLabel('Sizes').fill('S, M');
  await dialog.getByRole('button', { name: 'Create the product' }).click();
  await desk.page.getByRole('heading', { level: 1, name }).waitFor();
  await desk.settle();

  // An unknown code that is scanned on the page of a product is proposed for it.
  const code = unique('scan');
  await desk.scan(code);
  await dialog.getByRole('textbox', { name: 'Code' }).waitFor();
  assert.equal(await dialog.getByRole('textbox', { name: 'Code' }).inputValue(), code);
  await dialog.getByLabel(/^Size/).first().click();
  await desk.page.getByRole('option', { name: 'M', exact: true }).click();
  await dialog.getByLabel('Units of a scan').fill('12');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await desk.page.getByText('12 units').waitFor();

  await desk.page.getByRole('button', { name: 'Edit', exact: true }).click();
  await dialog.getByRole('textbox', { name: 'Price', exact: true }).fill('16.5');
  await dialog.getByLabel('Minimum').fill('3');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await desk.page.getByText('The product was saved').waitFor();
  const product = await desk.api('GET', `/inventory/products/${sku}`);
  assert.deepEqual([product.price, product.min_stock_level, product.variants.length], [16.5, 3, 2]);

  await desk.page.getByRole('button', { name: 'Archive' }).click();
  await dialog.getByRole('button', { name: 'Archive' }).click();
  await desk.page.getByRole('button', { name: 'Put back on sale' }).click();
  await dialog.getByRole('button', { name: 'Put back on sale' }).click();
  await desk.page.getByRole('button', { name: 'Archive' }).waitFor();
  assert.equal((await desk.api('GET', `/inventory/products/${sku}`)).status, 'active');
  // The scanned code was unknown.
  desk.checkProblems(/404/);
  await desk.close();
});

test('an account that may only edit products asks for nothing that is refused', async () => {
  const admin = await openDesk();
  const account = { email: `${unique('editor')}@example.com`, password: 'editor-of-products' };
  await admin.api('POST', '/users', { ...account, role: 'staff', permissions: ['products:write'] });
  const category = unique('Shelf');
  const product = await makeProduct(admin, { category });
  const desk = await openDesk({ account });
  const { page } = desk;
  const refused = [];
  page.on('response', (response) => response.status() === 403 && refused.push(response.url()));
  for (const path of ['/products', '/products/edit', `/products/${product.id}`, '/products/import']) await desk.visit(path);
  // A link with a category still works, and the category can be taken away.
  for (const path of ['/products', '/products/edit']) {
    await desk.visit(`${path}?category=${category}`);
    await page.getByLabel('Category').selectOption({ label: 'Category: all' });
    await page.waitForFunction(() => !location.search.includes('category'));
  }
  assert.deepEqual(refused, []);
  desk.checkProblems();
  await desk.close();
  await admin.close();
});

test('on a phone, the products are sorted by a choice', async () => {
  const desk = await openDesk({ device: 'phone' });
  const { page } = desk;
  const tag = unique('sorted');
  for (const [name, price] of [['a', 20], ['b', 30], ['c', 10]]) await makeProduct(desk, { name: `${tag} ${name}`, price });
  await desk.visit(`/products?q=${tag}`);
  const rows = page.getByRole('list', { name: 'Products', exact: true }).getByRole('link');
  const order = async () => (await rows.allInnerTexts()).map((text) => new RegExp(`${tag} (\\w)`).exec(text)?.[1]).join('');
  const sort = page.getByLabel('Sort by');
  assert.equal(await sort.inputValue(), 'name');
  await until(order, (names) => names === 'abc');
  await sort.selectOption({ label: 'Price, descending' });
  await until(order, (names) => names === 'bac');
  await sort.selectOption({ label: 'Price, ascending' });
  await until(order, (names) => names === 'cab');
  assert.equal(new URL(page.url()).searchParams.get('sort'), 'price');
  await desk.checkWidth();
  await desk.checkAccessibility();
  desk.checkProblems();
  await desk.close();
});

test('a file may take longer than another answer, and is sent again only if nothing of it moves', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await page.clock.install();
  await desk.visit('/products/import');
  const keys = [];
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(/\/api\/v1\/imports\?/, async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    await held;
    await route.continue().catch(() => undefined);
  });
  const csv = `sku,name,price\n${unique('slow')},Slow tea,12.50\n`;
  await page.locator('input[type=file]').setInputFiles({ name: 'tea.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  await page.getByRole('button', { name: 'Check the file' }).click();
  await until(() => keys.length, (count) => count === 1);
  // After the first minute it is still on its way. After the second, it is given up.
  await page.clock.fastForward(60_000);
  await page.clock.fastForward(60_000);
  await until(() => keys.length, (count) => count > 1);
  release();
  await page.getByText('Nothing was changed yet.').waitFor();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  desk.checkProblems();
  await desk.close();
});
