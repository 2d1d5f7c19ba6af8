/** What the command palette offers. */
import { expect } from '@jupyterlab/galata';
import { newNotebook, test } from './kernel-story';

test('every command of ours begins with the same words, once', async ({
  page
}) => {
  await newNotebook(page);
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('apputils:activate-command-palette')
  );
  const palette = page.locator('#modal-command-palette');
  await palette.locator('input').fill('memory guard:');
  const names = palette.locator('.lm-CommandPalette-itemLabel');
  await expect(names.first()).toBeVisible();
  const shown = (await names.allTextContents()).sort();
  expect(shown).toEqual(
    [
      'Copy diagnostics…',
      'Do not keep large results',
      'Follow the settings',
      'Free everything',
      'Free memory',
      'Free output history',
      'Free tracebacks',
      'Keep everything (as IPython does)',
      'Keep nothing',
      'Keep the newest 3',
      'Show what the kernel keeps',
      'Turn the guard on or off'
    ].map(name => `Memory Guard: ${name}`)
  );
});
