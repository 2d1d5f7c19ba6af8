/** What would be lost can be kept under a name before it goes. */
import { expect } from '@jupyterlab/galata';
import { figure, newNotebook, openPanel, test } from './kernel-story';
import { rowOf, rowsIn, runCells, valueOf } from './panel-story';

test('a result is assigned to a variable and outlives its release', async ({
  page
}) => {
  await newNotebook(page);
  await runCells(page, [
    'import numpy as np, weakref\ntaken = 1\nnp.ones(4_000_000)'
  ]);
  await runCells(page, ['witness = weakref.ref(_1)']);
  const panel = await openPanel(page);
  await expect(rowsIn(panel)).toHaveCount(1);
  const row = rowOf(panel, 1);
  await row.focus();
  await row.press('Enter');
  await panel.getByRole('button', { name: 'Assign to a variable' }).click();
  const name = panel.getByRole('textbox', { name: 'Name of the variable' });
  const assign = panel.getByRole('button', { name: 'Assign', exact: true });
  await expect(name).toBeFocused();
  await expect(assign).toBeDisabled();

  for (const wrong of ['1st', 'a b', 'class']) {
    await name.fill(wrong);
    await expect(panel.getByRole('alert')).toBeVisible();
    await expect(name).toHaveAttribute('aria-invalid', 'true');
    await expect(assign).toBeDisabled();
  }
  await name.fill('taken');
  await name.press('Enter');
  await expect(panel.getByRole('alert')).toHaveText(
    'There is a variable of this name already.'
  );
  expect(await valueOf(page, 'taken')).toBe('1');

  await name.fill('rescued');
  await name.press('Enter');
  await expect(name).toHaveCount(0);
  await expect(row).toContainText('`rescued` still uses it');
  expect(await figure(row)).toBe(0);
  expect(await valueOf(page, 'rescued is Out[1]')).toBe('True');

  await panel.getByRole('button', { name: 'More ways to free' }).click();
  await page.getByRole('menuitem', { name: 'Free everything' }).click();
  await expect(rowsIn(panel)).toHaveCount(0);
  expect(
    await valueOf(page, 'rescued is witness(), type(_1) is np.ndarray')
  ).toBe('(True, False)');
});
