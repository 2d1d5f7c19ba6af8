/** From a row to the cell that made it, whatever became of the cell since. */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import { newNotebook, openPanel, test } from './kernel-story';
import {
  countCommMessages,
  rowOf,
  rowsIn,
  runCells,
  type INotebookInPage
} from './panel-story';

const LARGE = 'np.ones(3_000_000)  # the large one';

/** A notebook with a cell that made a row, with the panel beside it. */
async function oneRow(page: IJupyterLabPageFixture): Promise<Locator> {
  await newNotebook(page);
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  await runCells(page, ['import numpy as np', LARGE, 'x = 1', 'y = 2']);
  await expect(rowsIn(panel)).toHaveCount(1);
  return panel;
}

async function goTo(panel: Locator): Promise<void> {
  const row = rowOf(panel, 2);
  await row.getByRole('button', { name: /^Go to the cell/ }).click();
}

function activeCell(page: IJupyterLabPageFixture): Locator {
  return page.locator('.jp-NotebookPanel .jp-Cell.jp-mod-active');
}

test('the cell is shown and selected, also after it was moved', async ({
  page
}) => {
  const panel = await oneRow(page);
  await expect(activeCell(page)).not.toContainText('the large one');
  await goTo(panel);
  await expect(activeCell(page)).toContainText('the large one');
  await expect(panel.locator('.jp-Memguard-cellText')).toHaveCount(0);

  await page.evaluate(() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const { content } = panel as unknown as INotebookInPage;
    content.moveCell(2, 4);
    content.activeCellIndex = 1;
  });
  await expect(activeCell(page)).toContainText('import numpy');
  await goTo(panel);
  await expect(activeCell(page)).toContainText('the large one');
  expect(
    await page.evaluate(() => {
      const panel = window.jupyterapp.shell.currentWidget;
      return (panel as unknown as INotebookInPage).content.activeCellIndex;
    })
  ).toBe(4);
});

test('what was shown while nobody looked has its age and its cell, too', async ({
  page,
  baseURL,
  tmpPath
}) => {
  const sent = countCommMessages(page);
  await newNotebook(page);
  await runCells(page, ['import numpy as np', LARGE, 'x = 1']);
  // It was asked once to tell by itself what its results retain.
  await expect.poll(sent).toBe(2);
  const panel = await openPanel(page);
  await expect(rowsIn(panel)).toHaveCount(1);
  const age = rowOf(panel, 2).locator('.jp-Memguard-cellAge');
  await expect(age).toHaveText(/\d/);
  await goTo(panel);
  await expect(activeCell(page)).toContainText('the large one');

  // A page that was opened later has not seen it.
  await page.notebook.save();
  const later = await page.context().newPage();
  await later.goto(
    `${baseURL}/lab/workspaces/second/tree/${tmpPath}/Untitled.ipynb`
  );
  await expect(later.locator('.jp-Memguard-status')).toHaveText(/MiB/);
  await later.evaluate(() =>
    window.jupyterapp.commands.execute('memguard:show-panel')
  );
  await expect(
    rowOf(later.locator('#jupyter-memguard-panel'), 2)
  ).toContainText('earlier');
});

test('an edited and a deleted cell are said to be so', async ({ page }) => {
  const panel = await oneRow(page);
  const said = panel.locator('.jp-Memguard-cellText');
  await page.evaluate(() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const { sharedModel } = (panel as unknown as INotebookInPage).model;
    sharedModel.cells[2].setSource('np.zeros(3)');
  });
  await goTo(panel);
  await expect(activeCell(page)).toContainText('np.zeros(3)');
  await expect(said).toHaveText('The cell was edited since.');
  // The row still says what ran.
  await expect(rowOf(panel, 2)).toContainText('the large one');

  await page.evaluate(() => {
    const panel = window.jupyterapp.shell.currentWidget;
    (panel as unknown as INotebookInPage).model.sharedModel.deleteCell(2);
  });
  await goTo(panel);
  await expect(said).toHaveText('The cell was deleted.');
});

/** A notebook of cells with long outputs, of which one made a row. */
async function longOutputs(page: IJupyterLabPageFixture): Promise<Locator> {
  await newNotebook(page);
  const panel = await openPanel(page);
  await expect(panel).toHaveAttribute('data-state', 'empty');
  const lines = 'for i in range(150): print(i)';
  await runCells(page, [
    'import numpy as np',
    `# the large one\n${lines}\nnp.ones(3_000_000)`,
    ...Array.from({ length: 6 }, (_, n) => `# filler ${n}\n${lines}`)
  ]);
  await expect(rowsIn(panel)).toHaveCount(1);
  await expect(activeCell(page)).toContainText('# filler 5');
  return panel;
}

/** How far below the top of the notebook's view the large one begins. */
function offset(page: IJupyterLabPageFixture): Promise<number> {
  return page.evaluate(() => {
    const cells = [...document.querySelectorAll('.jp-NotebookPanel .jp-Cell')];
    const cell = cells.find(each => each.textContent?.includes('the large'));
    const outer = cell?.closest('.jp-WindowedPanel-outer');
    if (!cell || !outer) {
      return NaN;
    }
    const { top } = cell.getBoundingClientRect();
    return Math.abs(top - outer.getBoundingClientRect().top);
  });
}

for (const windowingMode of ['full', 'defer', 'none', 'contentVisibility']) {
  test.describe(`with windowing mode ${windowingMode}`, () => {
    test.use({
      mockSettings: {
        '@jupyterlab/notebook-extension:tracker': { windowingMode }
      }
    });

    test('the top of a source with a long output is shown', async ({
      page
    }) => {
      const panel = await longOutputs(page);
      await goTo(panel);
      await expect(activeCell(page)).toContainText('the large one');
      await expect.poll(() => offset(page)).toBeLessThan(3);
      const source = activeCell(page).locator('.jp-InputArea');
      await expect(source).toBeInViewport({ ratio: 1 });
    });
  });
}

test.describe('in a long notebook that draws only what is in view', () => {
  test.use({
    mockSettings: {
      '@jupyterlab/notebook-extension:tracker': { windowingMode: 'full' }
    }
  });

  test('the cell is drawn, shown and selected', async ({ page }) => {
    const panel = await oneRow(page);
    await page.evaluate(async () => {
      const panel = window.jupyterapp.shell.currentWidget;
      const { content, model } = panel as unknown as INotebookInPage;
      const cells = Array.from({ length: 200 }, (_, number) => ({
        cell_type: 'code',
        source: `# filler ${number}\n\n\n\n`
      }));
      model.sharedModel.insertCells(model.sharedModel.cells.length, cells);
      content.activeCellIndex = model.sharedModel.cells.length - 1;
      await content.scrollToItem(content.activeCellIndex);
    });
    await expect(activeCell(page)).toContainText('# filler 199');
    await expect(activeCell(page)).toBeInViewport();
    const cell = page
      .locator('.jp-NotebookPanel .jp-Cell')
      .filter({ hasText: 'the large one' });
    await expect(cell).not.toBeInViewport();
    await goTo(panel);
    await expect(cell).toBeInViewport();
    await expect(activeCell(page)).toContainText('the large one');
  });
});
