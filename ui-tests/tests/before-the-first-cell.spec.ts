/**
 * The guard is in place before the first cell of the user's runs.
 *
 * MEMGUARD_RESTARTS says how often each way is tried (5; the documented run
 * is 50). Only where it is set they are tried on a gateway too: there a kernel
 * may stay without a status, and no cell runs at all.
 */
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import { OWN, REMOTE, urlOf } from '../servers';
import { newNotebook, test } from './kernel-story';

const TIMES = Number(process.env.MEMGUARD_RESTARTS ?? 5);
test.setTimeout(60_000 + TIMES * 30_000);

/** A result that only a guard from before this cell would have withheld. */
const FIRST = [
  'import weakref',
  'class Thing: pass',
  'thing = Thing()',
  'witness = weakref.ref(thing)',
  'thing'
].join('\n');
const SECOND = 'del thing\nprint("withheld" if witness() is None else "kept")';

async function guarded(page: IJupyterLabPageFixture): Promise<void> {
  await newNotebook(page, 'guarded.ipynb');
  await page.notebook.setCell(0, 'code', FIRST);
  await page.notebook.addCell('code', SECOND);
  const toggle = page.getByRole('button', { name: /^Memory guard/ });
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('memguard:set-guard-mode', {
      mode: 'all'
    })
  );
  await expect(toggle).toHaveAttribute('aria-pressed', 'true');
  await page.notebook.save();
}

/** Wait until the second cell has run, and tell what it printed. */
async function verdict(page: IJupyterLabPageFixture): Promise<string> {
  const output = page.locator('.jp-Notebook .jp-OutputArea-output').last();
  await expect(output).toHaveText(/withheld|kept/, { timeout: 60_000 });
  return (await output.innerText()).trim();
}

async function clearOutputs(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')
  );
  await expect(page.locator('.jp-Notebook .jp-OutputArea-output')).toHaveCount(
    0
  );
}

/**
 * Run all cells at once after the kernel's automatic restart was told. With
 * each word of a restart JupyterLab drops all messages that still wait (its
 * KernelConnection's `_clearKernelState`): where no cell ran, a person asks
 * again. A cell that did run ends the asking, whatever its verdict.
 */
async function runAll(page: IJupyterLabPageFixture): Promise<void> {
  const output = page.locator('.jp-Notebook .jp-OutputArea-output').last();
  await expect(async () => {
    await page.evaluate(() => {
      void window.jupyterapp.commands.execute('notebook:run-all-cells');
    });
    await expect(output).toHaveText(/withheld|kept/, { timeout: 30_000 });
  }).toPass();
}

for (const { where, server } of [
  { where: '', server: OWN },
  { where: ', on a gateway', server: REMOTE }
]) {
  test.describe(() => {
    test.use({ baseURL: urlOf(server) });
    test.skip(
      server === REMOTE && process.env.MEMGUARD_RESTARTS === undefined,
      'left out: MEMGUARD_RESTARTS=5 tries the gateway as well'
    );

    test(`after Restart Kernel and Run All Cells${where}`, async ({ page }) => {
      await guarded(page);
      for (let time = 0; time < TIMES; time++) {
        await clearOutputs(page);
        void page.evaluate(() => {
          void window.jupyterapp.commands.execute('notebook:restart-run-all');
        });
        await page
          .locator('.jp-Dialog')
          .getByRole('button', { name: 'Confirm Kernel Restart' })
          .click();
        expect(await verdict(page)).toBe('withheld');
      }
    });

    test(`after the notebook is opened and run${where}`, async ({
      page,
      tmpPath
    }) => {
      await guarded(page);
      for (let time = 0; time < TIMES; time++) {
        await clearOutputs(page);
        await page.notebook.save();
        await page.evaluate(() =>
          window.jupyterapp.commands.execute('notebook:shutdown-kernel')
        );
        await page.evaluate(() =>
          window.jupyterapp.commands.execute('application:close')
        );
        await expect(page.locator('.jp-NotebookPanel')).toHaveCount(0);
        await page.evaluate(async path => {
          const app = window.jupyterapp;
          const widget = (await app.commands.execute('docmanager:open', {
            path
          })) as { sessionContext: { ready: Promise<void> } };
          await widget.sessionContext.ready;
          void app.commands.execute('notebook:run-all-cells');
        }, `${tmpPath}/guarded.ipynb`);
        expect(await verdict(page)).toBe('withheld');
      }
    });

    test(`after a kernel change${where}`, async ({ page }) => {
      await guarded(page);
      for (let time = 0; time < TIMES; time++) {
        await clearOutputs(page);
        await page.evaluate(async () => {
          const app = window.jupyterapp;
          const widget = app.shell.currentWidget as unknown as {
            sessionContext: {
              changeKernel(o: { name: string }): Promise<unknown>;
            };
          };
          await widget.sessionContext.changeKernel({ name: 'python3' });
          void app.commands.execute('notebook:run-all-cells');
        });
        expect(await verdict(page)).toBe('withheld');
      }
    });

    test(`after a crash and the automatic restart${where}`, async ({
      page
    }) => {
      await guarded(page);
      for (let time = 0; time < TIMES; time++) {
        await clearOutputs(page);
        const restarted = page.evaluate(
          () =>
            new Promise<void>(resolve => {
              const context = (
                window.jupyterapp.shell.currentWidget as unknown as {
                  sessionContext: {
                    statusChanged: {
                      connect(slot: (_: unknown, status: string) => void): void;
                    };
                  };
                }
              ).sessionContext;
              context.statusChanged.connect((_, status) => {
                if (status === 'autorestarting') {
                  resolve();
                }
              });
            })
        );
        process.kill(await pidOf(page), 'SIGKILL');
        await restarted;
        await runAll(page);
        expect(await verdict(page)).toBe('withheld');
        const ok = page
          .locator('.jp-Dialog')
          .getByRole('button', { name: 'Ok' });
        if (await ok.isVisible()) {
          await ok.click();
        }
      }
    });
  });
}

/** The kernel's process, asked without a cell of the notebook. */
async function pidOf(page: IJupyterLabPageFixture): Promise<number> {
  return page.evaluate(async () => {
    const widget = window.jupyterapp.shell.currentWidget as unknown as {
      sessionContext: {
        session: {
          kernel: {
            requestExecute(content: object): {
              done: Promise<{
                content: {
                  user_expressions: { pid: { data: { 'text/plain': string } } };
                };
              }>;
            };
          };
        };
      };
    };
    const reply = await widget.sessionContext.session.kernel.requestExecute({
      code: '',
      silent: true,
      store_history: false,
      user_expressions: { pid: "__import__('os').getpid()" }
    }).done;
    return Number(reply.content.user_expressions.pid.data['text/plain']);
  });
}
