import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import type { GoTo } from '../../panel/results/tableModel';
import { ViewModel } from '../../panel/viewModel';
import type { IWatched } from '../../tokens';
import { FakeMemguard } from './memguard';
import { FakeModel } from './model';

/** A model, in front, and what a panel needs to look at it. */
export function aView(goTo: GoTo = async () => 'same'): {
  model: FakeModel;
  memguard: FakeMemguard;
  view: ViewModel;
} {
  const model = new FakeModel();
  const watched = {
    widget: new Widget(),
    kind: 'notebook',
    agent: model.agent,
    model,
    guardStore: { own: null, changed: new Signal({}) }
  } as unknown as IWatched;
  const memguard = new FakeMemguard(watched);
  const trans = nullTranslator.load('jupyter_memguard');
  return { model, memguard, view: new ViewModel(memguard, trans, goTo) };
}

/** What takes code in a test that offers none. */
export const noOffer = (): never => {
  throw new Error('not in this test');
};
