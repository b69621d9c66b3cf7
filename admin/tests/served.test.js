// The desk as the server sends it: with its policy, and from the files in the program.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { chunksOf, totalOf } from '../scripts/script-size.js';
import { closeBrowser, openDesk } from './desk.js';

after(closeBrowser);

test('signing in works, and nothing breaks the policy of the page', async () => {
  const desk = await openDesk({ isSignedIn: false });
  const response = await desk.page.goto(`${process.env.DESK_URL}/admin`);
  assert.equal(new URL(desk.page.url()).pathname, '/admin/');
  const policy = response.headers()['content-security-policy'] ?? '';
  assert.match(policy, /default-src 'none'.*style-src 'self' 'nonce-[0-9a-f]{32}'/);
  await desk.page.fill('input[name=email]', 'admin@example.com');
  await desk.page.fill('input[name=password]', 'stockroom-demo');
  await desk.page.keyboard.press('Enter');
  await desk.page.getByRole('navigation').first().waitFor();
  await desk.settle();
  const cookies = await desk.context.cookies();
  assert.ok(cookies.some((cookie) => cookie.name.endsWith('stockroom_session') && cookie.httpOnly), JSON.stringify(cookies));
  // Before signing in, the server answers 401 to the question who is signed in.
  desk.checkProblems(/status of 401/);
  await desk.close();
});

test('each path of the desk opens its page', async () => {
  const desk = await openDesk();
  await desk.visit('/account');
  const heading = await desk.page.locator('h1').first().textContent();
  await desk.page.reload();
  await desk.settle();
  assert.equal(await desk.page.locator('h1').first().textContent(), heading);
  assert.equal(new URL(desk.page.url()).pathname, '/admin/account');
  desk.checkProblems();
  await desk.close();
});

for (const name of ['OrdersPage', 'OrderPage']) {
  test(`${name} loads at most 150 KB of script before it shows its rows`, async () => {
    const sizes = await chunksOf(name);
    const largest = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 12);
    assert.ok(totalOf(sizes) <= 150 * 1024, `${totalOf(sizes)} bytes, most of them in ${JSON.stringify(largest)}`);
  });
}
