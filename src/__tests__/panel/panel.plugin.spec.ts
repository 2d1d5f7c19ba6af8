import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { IStateDB } from '@jupyterlab/statedb';
import { ContextMenuSvg } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { panelPlugin } from '../../plugins/panel';
import type { MemguardPanel } from '../../panel/panel';
import { FakeMemguard } from '../fakes/memguard';
import { until } from '../fakes/waiting';

describe('the panel', () => {
  it('keeps what is folded also where nothing could be read', async () => {
    const saved: unknown[] = [];
    const stateDB: Partial<IStateDB> = {
      fetch: () => Promise.reject(new Error('no such state')),
      save: async (_, value) => {
        saved.push(value);
        throw new Error('no room');
      }
    };
    const commands = new CommandRegistry();
    const contextMenu = new ContextMenuSvg({ commands });
    const app = {
      commands,
      shell: { add: () => undefined },
      contextMenu
    } as unknown as JupyterFrontEnd;
    const said = jest.spyOn(console, 'error').mockImplementation();
    const panel = (await panelPlugin.activate(
      app,
      new FakeMemguard(null),
      null,
      null,
      stateDB
    )) as MemguardPanel;
    await until(() => said.mock.calls.length > 0);
    await panel.load();
    panel.restore({ folded: ['Largest variables'] });
    await until(() => saved.length > 0);
    expect(saved).toMatchObject([{ folded: ['Largest variables'] }]);
    // What cannot be kept is said, and is no exception that nobody takes.
    await until(() => said.mock.calls.length > 1);
    panel.dispose();
    contextMenu.dispose();
    said.mockRestore();
  });
});
