/**
 * Look once at a JupyterLab of any version, as a person does: open a notebook,
 * show a result of 50 MB, open the panel. Galata's helpers need the JupyterLab
 * that they were made for.
 *
 *     node look.mjs http://localhost:8888
 *
 * It prints as JSON the texts of the status bar's items, the bytes that the
 * panel's first row frees, what the example of an extension says after a click,
 * and what the browser's console says.
 */
import { createRequire } from 'node:module';
import console from 'node:console';
import process from 'node:process';

const { chromium } = createRequire(import.meta.url)('@playwright/test');

const PATIENCE_MS = 120_000;

const browser = await chromium.launch({
  executablePath: process.env.MEMGUARD_BROWSER || undefined,
  args: ['--no-sandbox', '--disable-gpu']
});
const page = await browser.newPage();
page.setDefaultTimeout(PATIENCE_MS);
const said = [];
page.on('console', message => {
  if (['error', 'warning'].includes(message.type())) {
    said.push(message.text());
  }
});
page.on('pageerror', error => said.push(String(error.stack)));

await page.goto(`${process.argv[2]}/lab?reset`);
await page.locator('.jp-LauncherCard[data-category=Notebook]').first().click();
const status = page.locator('#jp-main-statusbar');
await status.getByText(/\| Idle/).waitFor();
await page.locator('.jp-Notebook .cm-content').first().click();
await page.keyboard.type('memoryview(bytearray(50_000_000))');
await page.keyboard.press('Shift+Enter');
await page.locator('.jp-OutputArea-output').first().waitFor();
await page.locator('.jp-SideBar [data-id=jupyter-memguard-panel]').click();
const row = page.locator('#jupyter-memguard-panel [role=row][data-key]');
await row.first().waitFor();
const bytes = Number(await row.first().getAttribute('data-bytes'));
const ours = status.locator('.jp-Memguard-status');
await ours.getByText('MiB').first().waitFor();
const items = await status.locator('.lm-Widget').allInnerTexts();
// examples/kept-in-the-status-bar, where it is installed: a click frees.
const example = status.locator('.memguard-example-kept');
const hasExample = (await example.count()) > 0;
if (hasExample) {
  await example.click();
  await status.getByText('Kept: 0.0 MiB').waitFor();
}
console.log(
  JSON.stringify({
    bytes,
    status: [...(await ours.allInnerTexts()), ...items],
    example: hasExample ? await example.innerText() : null,
    said
  })
);
await browser.close();
