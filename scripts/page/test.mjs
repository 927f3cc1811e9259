// test.mjs DIRECTORY - opens each page in DIRECTORY as people do: light and dark, on a phone and on a desk. Fails when axe-core finds
// something, the browser says something, a page is wider than its window, a stack does not open or nothing is copied. Leaves
// screenshots beside the pages.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';

const directory = path.resolve(process.argv[2]);
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

async function visit(file, width, colorScheme) {
  // axe-core is a script of ours, which the page's policy rightly refuses.
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  const said = [];
  page.on('console', message => said.push(message.text()));
  page.on('pageerror', error => said.push(String(error)));
  page.on('request', request => { if (!request.url().startsWith('file:')) said.push(`request: ${request.url()}`); });
  await page.goto(`file://${path.join(directory, file)}`);
  for (const details of await page.locator('details').all()) await details.evaluate(d => { d.open = true; });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${file}: ${overflow} pixels wider than ${width}`);
  await page.addScriptTag({ content: axe });
  const { violations } = await page.evaluate(() => axe.run());
  assert.deepEqual(violations.map(v => `${v.id}: ${v.nodes[0].html}`), [], `${file} ${width} ${colorScheme}`);
  assert.deepEqual(said, [], file);
  await page.screenshot({ path: path.join(directory, `${file}-${width}-${colorScheme}.png`), fullPage: width > 400 });
  await context.close();
}

// Under the page's own policy: its script runs, and copies.
async function use(file) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  const said = [];
  page.on('console', message => said.push(message.text()));
  await page.goto(`file://${path.join(directory, file)}`);
  const form = page.locator('.form').first();
  if (await form.count()) {
    await form.locator('summary').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('Copied').first().waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await form.locator('pre').textContent(), `${file}: copy`);
  }
  const link = page.locator('a[href^="#stack-"]:visible').first();
  if (await link.count()) {
    const stack = page.locator(await link.getAttribute('href'));
    await link.click();
    await page.waitForFunction(d => d.open, await stack.elementHandle());
  }
  assert.deepEqual(said, [], file);
  await context.close();
}

try {
  for (const file of (await readdir(directory)).filter(name => name.endsWith('.html'))) {
    for (const width of [360, 1280]) for (const scheme of ['light', 'dark']) await visit(file, width, scheme);
    await use(file);
    console.log(`${file}: nothing found`);
  }
} finally {
  await browser.close();
}
