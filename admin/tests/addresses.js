// The addresses of all pages of the desk. The list is read from src/pages/routes.tsx, so a new page is in it by itself.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROUTES = fileURLToPath(new URL('../src/pages/routes.tsx', import.meta.url));

/**
 * The declared pages: the path, the name of the component, and what an account needs: one of these permissions, or nothing if
 * there is none.
 */
export async function declaredPages() {
  const source = ts.createSourceFile(ROUTES, await readFile(ROUTES, 'utf8'), ts.ScriptTarget.Latest, true);
  const declarations = source.statements.filter(ts.isVariableStatement).flatMap((statement) => [...statement.declarationList.declarations]);
  const list = declarations.find((declaration) => declaration.name.getText() === 'pages')?.initializer;
  assert.ok(list && ts.isArrayLiteralExpression(list), 'routes.tsx has a list of pages');
  return list.elements.map((element) => {
    assert.ok(ts.isObjectLiteralExpression(element), element.getText());
    const valueOf = (name) => element.properties.find((property) => property.name?.getText() === name)?.initializer;
    const needs = valueOf('needs');
    const parts = !needs ? [] : ts.isArrayLiteralExpression(needs) ? [...needs.elements] : [needs];
    const [, component] = /import\('[^']*\/(\w+)'\)/.exec(valueOf('load')?.getText() ?? '') ?? [];
    assert.ok(component, `the page imports its component: ${element.getText()}`);
    return { path: textOf(valueOf('path')), needs: parts.map(textOf), component };
  });
}

function textOf(node) {
  assert.ok(node && ts.isStringLiteralLike(node), `a text is expected in routes.tsx: ${node?.getText()}`);
  return node.text;
}

/** Whether an account sees a page. */
export function isAllowed({ role, permissions }, { needs }) {
  return role === 'admin' || needs.length === 0 || needs.some((one) => permissions.includes(one));
}

/**
 * Makes a document of each kind, and returns a function that gives the address of a page: of one about one thing, that of
 * such a document.
 */
export async function makeAddresses(desk) {
  const code = Date.now().toString(36);
  const sizes = [
    { size: 'S', sku: `page-${code}-S`, initial_stock: 9, barcode: `PAGE${code}` },
    { size: 'M', sku: `page-${code}-M`, initial_stock: 0 },
  ];
  const product = await desk.api('POST', '/inventory/products', {
    sku: `page-${code}`, name: `Page ${code}`, price: 12.5, cost_price: 8, category: 'Pages', min_stock_level: 3, max_stock_level: 40, sizes,
  });
  const line = { product_id: product.id, size: 'S', quantity: 2 };
  const [from, to] = (await desk.api('GET', '/locations?sort=priority')).items;
  const order = await makeOrder(desk, line);
  const purchase = await makePurchase(desk, { line, code, place: from });
  const transfer = await desk.api('POST', '/transfers', { from_location_id: from.id, to_location_id: to.id, reference: 'For the shelf', lines: [line] });
  await desk.api('POST', `/transfers/${transfer.id}/ready`);
  await desk.api('POST', `/transfers/${transfer.id}/send`, { tracking: 'EE123456789IN' });
  const count = await desk.api('POST', '/counts', { location_id: from.id, scope: { products: [product.id] } });
  const webhook = await desk.api('POST', '/webhooks', { url: 'https://example.com/stock', description: 'Turned off', active: false });

  const known = {
    '/orders/slips': `/orders/slips?numbers=${order.number}`,
    '/orders/$number': `/orders/${order.number}`,
    '/orders/$number/invoice': `/orders/${order.number}/invoice`,
    '/returns/$number': `/returns/${order.returnNumber}`,
    '/products/$id': `/products/${product.id}`,
    '/counts/$number': `/counts/${count.count_number}`,
    '/transfers/$number': `/transfers/${transfer.transfer_number}`,
    '/purchasing/suppliers/$id': `/purchasing/suppliers/${purchase.supplier_id}`,
    '/purchasing/$number': `/purchasing/${purchase.purchase_order_number}`,
    '/reports/sales': '/reports/sales?compare=previous',
    '/reports/forecast': `/reports/forecast?product=${sizes[0].sku}`,
    '/settings/webhooks/$id': `/settings/webhooks/${webhook.id}`,
  };
  return ({ path }) => {
    const address = known[path] ?? path;
    assert.ok(!address.includes('$'), `add an address of ${path} to tests/addresses.js`);
    return address;
  };
}

/** An order with an invoice, a shipment and a return. One unit is not shipped. */
async function makeOrder(desk, line) {
  const { order_number: number, items: [item] } = await desk.api('POST', '/orders', {
    items: [line],
    customer_name: 'Asha Rao',
    customer_phone: '+91 98450-12345',
    delivery_address: '4 Hill Street, Pune',
    notes: 'Please ring twice.',
    payment_method: 'cod',
  });
  await desk.api('POST', `/orders/${number}/invoice`);
  const lines = [{ item_id: item.id, quantity: 1 }];
  await desk.api('POST', `/orders/${number}/shipments`, { lines, carrier: 'India Post', tracking_url: 'https://example.com/parcel' });
  const back = await desk.api('POST', `/orders/${number}/returns`, { lines: [{ ...lines[0], reason: 'Too small' }] });
  return { number, returnNumber: back.return_number };
}

/** A purchase order of which a part has arrived. */
async function makePurchase(desk, { line, code, place }) {
  const supplier = await desk.api('POST', '/suppliers', { code: `P${code}`, name: `Supplier ${code}`, lead_time_days: 3, phone: '+91 80 4000 1000' });
  await desk.api('POST', `/suppliers/${supplier.id}/items`, { product_id: line.product_id, size: line.size, unit_cost: 8, supplier_sku: `S-${code}` });
  const draft = { supplier_id: supplier.id, location_id: place.id, lines: [{ ...line, quantity: 6, unit_cost: 8 }] };
  const purchase = await desk.api('POST', '/purchase-orders', draft);
  await desk.api('POST', `/purchase-orders/${purchase.id}/order`, {});
  return desk.api('POST', `/purchase-orders/${purchase.id}/receive`, { lines: [{ line_id: purchase.lines[0].id, accepted: 2 }] });
}
