import { nullTranslator } from '@jupyterlab/translation';
import type { GoTo } from '../../panel/results/tableModel';
import { ViewModel } from '../../panel/viewModel';
import { aDocument, FakeMemguard } from './memguard';
import type { FakeModel } from './model';

/** A model, in front, and what a panel needs to look at it. */
export function aView(goTo: GoTo = async () => 'same'): {
  model: FakeModel;
  memguard: FakeMemguard;
  view: ViewModel;
} {
  const { watched, model } = aDocument('Untitled.ipynb', null);
  const memguard = new FakeMemguard(watched);
  const trans = nullTranslator.load('jupyter_memguard');
  return { model, memguard, view: new ViewModel(memguard, trans, goTo) };
}

/** What takes code in a test that offers none. */
export const noOffer = (): never => {
  throw new Error('not in this test');
};
