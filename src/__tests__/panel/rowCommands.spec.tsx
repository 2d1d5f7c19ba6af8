import type { JupyterFrontEnd } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { ContextMenuSvg } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { MemguardPanel } from '../../panel/panel';
import { addRowCommands, RowCommandIDs } from '../../panel/results/rowCommands';
import { cleanUp, doing, layOut, one } from '../fakes/render';
import { aReport, aRow } from '../fakes/rows';
import { aView } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(cleanUp);

describe('the commands of rows', () => {
  async function aPanel() {
    const { memguard, model } = aView();
    const visited: string[] = [];
    const panel = new MemguardPanel(memguard, {
      goTo: async (_, row) => {
        visited.push(row.key);
        return 'same';
      },
      chooseMode: () => undefined,
      offerCode: async () => undefined,
      translator: nullTranslator
    });
    const commands = new CommandRegistry();
    const contextMenu = new ContextMenuSvg({ commands });
    const app = { commands, contextMenu, contextMenuHitTest: () => undefined };
    addRowCommands(
      app as unknown as JupyterFrontEnd,
      panel,
      nullTranslator.load('jupyter_memguard')
    );
    const end = async () => {
      await doing(() => panel.dispose());
      contextMenu.dispose();
    };
    return { panel, model, commands, visited, end };
  }

  it('act on the table', async () => {
    const { panel, model, commands, visited, end } = await aPanel();
    const can = (id: string, key: string) => commands.isEnabled(id, { key });
    const run = (id: string, key?: string) =>
      doing(() => commands.execute(id, { key }));
    expect(can(RowCommandIDs.release, 'k1')).toBe(false);
    await doing(() => panel.load());
    const rows = [aRow(1, 10), aRow(2, 30, { cell_id: null })];
    await doing(() => model.set({ report: aReport(rows) }));
    await doing(() => Widget.attach(panel, document.body));
    expect(can(RowCommandIDs.goToCell, 'k1')).toBe(true);
    expect(can(RowCommandIDs.goToCell, 'k2')).toBe(false);
    expect(can(RowCommandIDs.release, 'gone')).toBe(false);
    await run(RowCommandIDs.release, 'k1');
    expect(model.released).toEqual([{ kind: 'keys', keys: ['k1'] }]);
    expect(panel.focusedRow).toBe('k1');
    // Without a key it is the row with the focus.
    await run(RowCommandIDs.goToCell);
    expect(visited).toEqual(['k1']);
    await run(RowCommandIDs.assign, 'k1');
    expect(one(panel.node, 'form input')).toBe(document.activeElement);
    await end();
  });
});
