import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { ConsoleGuard } from '../../model/guardStores';
import type { GuardMode, IGuard } from '../../wire/protocol';
import { DEFAULTS } from '../../model/settings';
import { GuardToggle } from '../../ui/toggle';
import type { IMemguard, IWatched } from '../../tokens';
import { CommandIDs } from '../../ui/commandIds';
import { doing, layOut, one } from '../fakes/render';
import { sampleGuard } from '../fakes/samples';

beforeAll(() => layOut(600));

/** The toggle of a notebook whose own guard is for large results. */
async function aToggle(kernel: GuardMode | null, guardAsked?: IGuard) {
  const commands = new CommandRegistry();
  commands.addCommand(CommandIDs.toggleGuard, {
    describedBy: { args: {} },
    execute: () => undefined
  });
  const toggle = new GuardToggle({
    memguard: {
      settings: DEFAULTS,
      settingsChanged: new Signal({})
    } as unknown as IMemguard,
    commands,
    trans: nullTranslator.load('jupyter_memguard')
  });
  const guardStore = new ConsoleGuard();
  guardStore.own = { guard: 'large' };
  const guard = kernel && { ...sampleGuard(), mode: kernel, on_top: 'us' };
  const nothing = new Signal({});
  const watched = {
    widget: new Widget(),
    kind: 'notebook',
    agent: { guard, stateChanged: nothing, guardChanged: nothing },
    model: { guardAsked: guardAsked ?? null, changed: nothing },
    guardStore
  } as unknown as IWatched;
  toggle.watch(watched);
  await doing(() => Widget.attach(toggle, document.body));
  const button = one(toggle.node, 'button:not([aria-haspopup])');
  const name = button.getAttribute('aria-label');
  const icon = one(button, '[data-icon]').dataset.icon;
  await doing(() => toggle.dispose());
  return { name, icon };
}

describe('the toggle', () => {
  it('says which guard the kernel has', async () => {
    expect(await aToggle('large')).toEqual({
      name: "Memory guard: Do not keep large results (this notebook's choice)",
      icon: 'jupyter-memguard:guard-on'
    });
  });

  it('says what was asked for', async () => {
    const { name } = await aToggle('large', { mode: 'all' });
    expect(name).toBe('Memory guard: Keep nothing (when the kernel is free)');
  });

  it('does not say of a kernel that has told nothing that it is guarded', async () => {
    const notTold = {
      name: 'Memory guard: Do not keep large results (not confirmed by the kernel)',
      icon: 'jupyter-memguard:guard'
    };
    expect(await aToggle(null)).toEqual(notTold);
    expect(await aToggle(null, { mode: 'large' })).toEqual(notTold);
  });

  it('says of a guard that is to be off nothing more', async () => {
    const { name } = await aToggle(null, { mode: 'off' });
    expect(name).toBe(
      'Memory guard: Keep everything (as IPython does) (when the kernel is free)'
    );
  });
});
