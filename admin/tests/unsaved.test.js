// Leaving a page, or the desk, while something is not saved.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { closeBrowser, openDesk, until } from './desk.js';

after(closeBrowser);

/** Answers the browser's questions, and keeps their kinds. `answers.next` is what the next ones get. */
function answerQuestions(page) {
  const answers = { next: 'dismiss', asked: [] };
  page.on('dialog', async (dialog) => {
    answers.asked.push(dialog.type());
    await dialog[answers.next]();
  });
  return answers;
}

const goBack = (page) => page.evaluate(() => window.history.back());

test('Back, a scan and a closed tab ask before a dialog is lost in which something was typed', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const answers = answerQuestions(page);
  await desk.visit('/');
  await desk.open('/account');
  await page.getByRole('button', { name: 'Change the password' }).click();
  const field = page.getByLabel('Current password');

  // Nothing was typed yet, and nothing is asked.
  await goBack(page);
  await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
  assert.deepEqual(answers.asked, []);
  await page.evaluate(() => window.history.forward());
  await page.getByRole('button', { name: 'Change the password' }).click();
  await field.fill('kept');

  await goBack(page);
  await until(() => answers.asked.length, (count) => count === 1);
  await page.waitForFunction(() => location.pathname === '/admin/account');
  assert.equal(await field.inputValue(), 'kept');
  await desk.scan('prod_009');
  await until(() => answers.asked.length, (count) => count === 2);
  assert.equal(await field.inputValue(), 'kept');
  await page.close({ runBeforeUnload: true });
  await until(() => answers.asked.length, (count) => count === 3);
  assert.equal(await field.inputValue(), 'kept');
  assert.deepEqual(answers.asked, ['confirm', 'confirm', 'beforeunload']);

  answers.next = 'accept';
  await goBack(page);
  await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
  assert.equal(answers.asked.length, 4);
  desk.checkProblems();
  await desk.close();
});

test('what was saved in a dialog is not asked about when it opens the page of what was made', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const answers = answerQuestions(page);
  const name = `Saved ${Date.now().toString(36)}`;
  await desk.visit('/products');
  await page.getByRole('button', { name: 'New product' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('SKU').fill(name.replace(' ', '-'));
  await dialog.getByRole('textbox', { name: 'Price', exact: true }).fill('15');
  await dialog.getByRole('button', { name: 'Create the product' }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
  assert.deepEqual(answers.asked, []);
  desk.checkProblems();
  await desk.close();
});

test('changes of many products are found again after Back, and closing the desk on any page asks about them', async () => {
  const desk = await openDesk();
  const { page } = desk;
  const answers = answerQuestions(page);
  const sku = `unsaved-${Date.now().toString(36)}`;
  const product = await desk.api('POST', '/inventory/products', { sku, name: `Unsaved ${sku}`, price: 50 });
  await desk.visit('/products');
  await desk.open(`/products/edit?q=${sku}`);
  const price = page.getByLabel(`Price of ${product.name}`, { exact: true });
  await price.click();
  await price.fill('55');

  await goBack(page);
  await page.getByRole('heading', { level: 1, name: 'Products' }).waitFor();
  assert.deepEqual(answers.asked, []);
  await page.close({ runBeforeUnload: true });
  await until(() => answers.asked.length, (count) => count === 1);

  // Signing out would lose them too: without the consent, nothing is sent.
  const ended = [];
  page.on('request', (request) => request.method() === 'DELETE' && ended.push(request.url()));
  await page.getByRole('button', { name: 'Account menu' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await until(() => answers.asked.length, (count) => count === 2);
  assert.deepEqual([answers.asked, ended], [['beforeunload', 'confirm'], []]);

  await page.evaluate(() => window.history.forward());
  await price.waitFor();
  assert.equal(await price.inputValue(), '55');
  answers.next = 'accept';
  await page.getByRole('button', { name: 'Discard the changes' }).click();
  await page.getByRole('button', { name: 'Discard the changes' }).waitFor({ state: 'detached' });
  assert.equal(answers.asked.length, 3);
  const closed = page.waitForEvent('close');
  await page.close({ runBeforeUnload: true });
  await closed;
  assert.equal(answers.asked.length, 3);
  desk.checkProblems();
  await desk.close();
});
