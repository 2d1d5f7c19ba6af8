/** What fails a story although nothing on its page shows it. */
import { expect, test } from '@playwright/test';
import { watchPages } from './page-errors';

test('errors that nobody catches, and what we log as an error, are seen', async ({
  context,
  page
}) => {
  const wrong = watchPages(context);
  await page.evaluate(() => {
    setTimeout(() => {
      throw new Error('thrown');
    });
    void Promise.reject(new Error('rejected'));
    console.error('A part of jupyter-memguard cannot be loaded.');
    console.error('Somebody else has something to say.');
    console.warn('jupyter-memguard only warns.');
  });
  await expect.poll(() => wrong.length).toBe(3);
  const all = wrong.join('\n');
  for (const text of ['thrown', 'rejected', 'A part of jupyter-memguard']) {
    expect(all).toContain(text);
  }
});
