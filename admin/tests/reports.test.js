// The reports: their figures are those of the API, in the chart's table, too; comparing and exporting.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { closeBrowser, openDesk, URL_OF_DESK } from './desk.js';

const unique = Date.now().toString(36);
const sku = `report-${unique}`;

before(async () => {
  const desk = await openDesk();
  await desk.api('POST', '/inventory/products', { sku, name: `Reported ${unique}`, price: 12.5, cost_price: 8, category: `Reports ${unique}`, initial_stock: 40 });
  await desk.api('POST', '/orders', { items: [{ product_id: sku, quantity: 3 }], customer_name: 'Report Buyer', payment_method: 'cod' });
  await desk.close();
});
after(closeBrowser);

/** The number in a text such as `₹1,250.00`; null for a dash. */
function numberOf(text) {
  const digits = text.replace(/[^\d.-]/g, '');
  return digits === '' ? null : Number(digits);
}

/** The figures of the rows of a table, without their first column. */
async function figuresOf(table, part = 'tbody') {
  const rows = await table.locator(`${part} tr`).all();
  return Promise.all(rows.map(async (row) => (await row.locator('td').allInnerTexts()).map(numberOf)));
}

const salesFigures = (row) => [
  row.orders, row.units, row.gross, row.discounts, row.credits, row.net, row.tax, row.shipping, row.refunds, row.margin, row.average_order_value,
];

test('the figures of the sales are those of the API, also in the table of the chart', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/reports/sales');
  const report = await desk.api('GET', '/reports/sales?group_by=day');
  const table = page.getByRole('region', { name: 'Figures' });
  const rows = await figuresOf(table);
  assert.equal(rows.length, 30);
  assert.deepEqual(rows.map((row) => row.slice(0, 11)), report.items.map(salesFigures));
  assert.deepEqual((await figuresOf(table, 'tfoot'))[0].slice(0, 11), salesFigures(report.totals));
  assert.ok(report.totals.units >= 3);

  const chart = page.locator('section', { has: page.getByRole('heading', { name: 'Net sales over time' }) });
  await chart.getByText('Table', { exact: true }).click();
  const ofChart = await figuresOf(page.getByRole('region', { name: 'Net sales over time' }));
  assert.deepEqual(ofChart.map(([net]) => net), report.items.map(({ net }) => net));
  await desk.checkAccessibility();
  desk.checkProblems();
  await desk.close();
});

test('a report is grouped and compared, and its link keeps both', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/reports/sales');
  await page.getByLabel('Period').selectOption({ label: 'Last 7 days' });
  await page.getByLabel('By', { exact: true }).selectOption({ label: 'Category' });
  await page.getByRole('rowheader', { name: `Reports ${unique}` }).waitFor();
  await page.getByLabel('Compare with').selectOption({ label: 'The days before' });
  await page.getByRole('heading', { name: /^Compared with/ }).waitFor();
  await page.reload();
  await desk.settle();
  const query = new URL(page.url()).searchParams;
  assert.equal(query.get('group_by'), 'category');
  const report = await desk.api('GET', `/reports/sales?${query}`);
  const summary = page.locator('section', { has: page.getByRole('heading', { name: /^Compared with/ }) });
  const before = await summary.getByText(/ before$/).allInnerTexts();
  const expected = ['net', 'orders', 'units', 'average_order_value', 'margin', 'credits', 'new_customers', 'returning_customers'];
  assert.deepEqual(before.map(numberOf), expected.map((name) => report.previous[name]));

  await page.getByLabel('By', { exact: true }).selectOption({ label: 'Day' });
  await desk.settle();
  const chart = page.locator('section', { has: page.getByRole('heading', { name: 'Net sales over time' }) });
  await chart.getByText('Table', { exact: true }).click();
  const points = await figuresOf(page.getByRole('region', { name: 'Net sales over time' }));
  const previous = await desk.api('GET', `/reports/sales?group_by=day&from=${report.previous.from}&to=${report.previous.to}`);
  assert.deepEqual(points.map(([, earlier]) => earlier), previous.items.map(({ net }) => net));
  desk.checkProblems();
  await desk.close();
});

test('the export is CSV with the filters of the page', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/reports/sales?group_by=category');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export CSV' }).click()]);
  assert.match(download.suggestedFilename(), /\.csv$/);
  const lines = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/);
  const report = await desk.api('GET', '/reports/sales?group_by=category');
  assert.match(lines[0], /orders.*units.*gross.*net/);
  assert.ok(lines.some((line) => line.includes(`Reports ${unique}`)));
  assert.ok(lines.length > report.items.length);
  desk.checkProblems();
  await desk.close();
});

test('top products, stock health and the forecast are about the same product', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const best = '/reports/top-products?by=units&limit=1000';
  // A job computes the cost of the sale, which the margin needs.
  const hasMargin = async () => (await desk.api('GET', best)).items.some((one) => one.sku === sku && one.margin !== null);
  for (let tries = 0; tries < 100 && !(await hasMargin()); tries += 1) await page.waitForTimeout(100);
  await desk.visit(best);
  const top = await desk.api('GET', best);
  const rows = await page.getByRole('region', { name: 'Top products' }).locator('tbody tr').count();
  assert.equal(rows, top.items.length);
  const row = page.getByRole('row', { name: new RegExp(sku) });
  assert.deepEqual((await row.locator('td').allInnerTexts()).slice(1, 4).map(numberOf), [3, 37.5, 13.5]);

  await desk.visit('/reports/stock?sort=-velocity_7');
  await page.getByRole('region', { name: 'Stock health' }).waitFor();
  await desk.checkAccessibility();

  const forecast = await desk.api('GET', `/reports/forecast?product_id=${sku}&horizon=14`);
  await desk.visit('/reports/forecast');
  await page.getByLabel('Product or size').fill(sku);
  await page.getByRole('option', { name: new RegExp(sku) }).click();
  await page.getByLabel('Days ahead').selectOption({ label: '14 days' });
  await desk.settle();
  const name = `Expected demand of ${sku} by day`;
  await page.locator('section', { has: page.getByRole('heading', { name }) }).getByText('Table', { exact: true }).click();
  const days = await figuresOf(page.getByRole('region', { name }));
  assert.equal(days.length, 14);
  assert.deepEqual(days.map(([expected]) => expected), forecast.items.map(({ expected }) => Math.round(expected * 100) / 100));
  desk.checkProblems();
  await desk.close();
});

test('a period that ends before it begins is refused with a sentence', async () => {
  const desk = await openDesk();
  await desk.page.goto(`${URL_OF_DESK}/admin/reports/holds?from=2026-11-30&to=2026-11-01`);
  await desk.page.getByRole('alert').waitFor();
  await desk.checkAccessibility();
  desk.checkProblems(/status of 422/);
  await desk.close();
});

test('the file of the stock report has every row, also of further pages', async () => {
  const desk = await openDesk();
  const { page } = desk;
  await desk.visit('/reports/stock');
  const { total } = await desk.api('GET', '/reports/stock?limit=1');
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  const lines = (await readFile(await (await waiting).path(), 'utf8')).trimEnd().split('\n');
  assert.equal(lines.length, total + 1);
  assert.equal(lines.filter((line) => line === lines[0]).length, 1);
  desk.checkProblems();
  await desk.close();
});
