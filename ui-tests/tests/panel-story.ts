/**
 * What the panel's stories have in common: results without long texts, the
 * rows as they stand, cells that run until they are told to end, and the
 * messages that the page sends to the kernel.
 */
import type { IJupyterLabPageFixture } from '@jupyterlab/galata';
import { expect, type Locator, type Page } from '@playwright/test';
import { writeFileSync } from 'fs';

/** The rows of the panel's results, without the heads of groups. */
export function rowsIn(panel: Locator): Locator {
  return panel.locator('[role=row][data-key]:not([data-members])');
}

/** The row of a result, by its number. */
export function rowOf(panel: Locator, number: number): Locator {
  return panel.locator(`[role=row][data-numbers="${number}"]`);
}

/** The numbers of the rows from top to bottom, as `1 2 3`. */
export function order(panel: Locator): Promise<string> {
  return rowsIn(panel).evaluateAll(rows =>
    [...rows]
      .sort((a, b) => Number(a.ariaRowIndex) - Number(b.ariaRowIndex))
      .map(row => (row as HTMLElement).dataset.numbers)
      .join(' ')
  );
}

/** Move the focus with Tab until an element has it. */
export async function tabTo(page: Page, element: Locator): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    if (await element.evaluate(node => node === document.activeElement)) {
      return;
    }
  }
  throw new Error('Tab does not reach it');
}

/** The menu's entry of this text. */
export function menuItem(page: Page, text: string | RegExp): Locator {
  return page.locator('.lm-Menu').getByRole('menuitem', { name: text });
}

interface IExecuteReply {
  content: {
    user_expressions: {
      asked: {
        data?: Record<string, string>;
        ename?: string;
        evalue?: string;
      };
    };
  };
}

/** The notebook in front, as the page's own objects have it. */
export interface INotebookInPage {
  content: {
    activeCellIndex: number;
    moveCell(from: number, to: number): void;
    deselectAll(): void;
    scrollToItem(index: number): Promise<void>;
  };
  sessionContext: {
    session: {
      kernel: {
        requestExecute(request: object): { done: Promise<IExecuteReply> };
      };
    };
  };
  model: {
    sharedModel: {
      cells: { getSource(): string; setSource(source: string): void }[];
      insertCells(
        index: number,
        cells: { cell_type: string; source: string }[]
      ): unknown;
      deleteCell(index: number): void;
    };
  };
}

/**
 * Add cells to the notebook in front and run them one after the other.
 *
 * @param sources - One for each cell.
 */
export async function runCells(
  page: IJupyterLabPageFixture,
  sources: readonly string[]
): Promise<void> {
  await page.evaluate(async texts => {
    const { shell, commands } = window.jupyterapp;
    const notebook = shell.currentWidget as unknown as INotebookInPage;
    const { content, model } = notebook;
    for (const source of texts) {
      const index = model.sharedModel.cells.length;
      model.sharedModel.insertCells(index, [{ cell_type: 'code', source }]);
      content.deselectAll();
      content.activeCellIndex = index;
      await commands.execute('notebook:run-cell');
    }
  }, sources);
}

/**
 * Ask the kernel for an expression's value without a cell.
 *
 * @returns its `repr`.
 */
export async function valueOf(
  page: IJupyterLabPageFixture,
  expression: string
): Promise<string> {
  return page.evaluate(async asked => {
    const panel = window.jupyterapp.shell.currentWidget;
    const { sessionContext } = panel as unknown as INotebookInPage;
    const { content } = await sessionContext.session.kernel.requestExecute({
      code: '',
      silent: true,
      store_history: false,
      user_expressions: { asked }
    }).done;
    const { asked: answer } = content.user_expressions;
    return answer.data?.['text/plain'] ?? `${answer.ename}: ${answer.evalue}`;
  }, expression);
}

/** Give the notebook in front another kernel, and do not wait for it. */
export async function changeKernel(
  page: IJupyterLabPageFixture,
  name: string
): Promise<void> {
  await page.evaluate(asked => {
    const { sessionContext } = window.jupyterapp.shell
      .currentWidget as unknown as {
      sessionContext: {
        changeKernel(model: { name: string }): Promise<unknown>;
      };
    };
    void sessionContext.changeKernel({ name: asked });
  }, name);
}

/** A cell that runs until it is told to end. */
export interface IHeldCell {
  /** Let it end and wait until it has. */
  end(): Promise<void>;
}

/**
 * Start a cell that runs until it is told to end.
 *
 * @param first - What it does before it waits.
 */
export async function holdKernel(
  page: IJupyterLabPageFixture,
  first = 'pass'
): Promise<IHeldCell> {
  const file = `/tmp/memguard-held-${await valueOf(page, '__import__("os").getpid()')}`;
  const source = [
    'import os, time',
    first,
    `while not os.path.exists('${file}'): time.sleep(0.02)`,
    `os.remove('${file}')`
  ].join('\n');
  // It is not waited for: it ends when it is told to.
  const ended = runCells(page, [source]).catch(() => undefined);
  await expect(page.locator('#jp-main-statusbar')).toContainText('| Busy');
  return {
    end: async () => {
      writeFileSync(file, '');
      await ended;
      await expect(page.locator('#jp-main-statusbar')).toContainText('| Idle');
    }
  };
}

/**
 * Count the messages of this extension that the page sends to kernels, by the
 * comms that it opens. Other extensions have comms too, such as ipywidgets'.
 *
 * @returns how many there were since.
 */
export function countCommMessages(page: Page): () => number {
  let count = 0;
  const ours = new Set<string>();
  page.on('websocket', socket => {
    socket.on('framesent', ({ payload }) => {
      const text = payload.toString('utf8');
      const id = /"comm_id": ?"([^"]+)"/.exec(text)?.[1] ?? '';
      if (/"target_name": ?"jupyter_memguard"/.test(text)) {
        ours.add(id);
      }
      if (ours.has(id) && /"msg_type": ?"comm_(msg|open)"/.test(text)) {
        count++;
      }
    });
  });
  return () => count;
}
