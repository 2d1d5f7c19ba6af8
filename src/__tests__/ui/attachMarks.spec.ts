import type { JupyterFrontEnd } from '@jupyterlab/application';
import { marksPlugin } from '../../plugins/marks';
import { CellMarks } from '../../ui/cellMarks';
import { FakeKernel } from '../fakes/kernel';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { settled, until } from '../fakes/waiting';
import { aPart } from '../fakes/rows';

jest.mock('../../ui/cellMarks', () => ({
  CellMarks: jest.fn(() => ({ dispose: () => undefined }))
}));

const made = jest.mocked(CellMarks).mock.calls;

afterEach(() => {
  made.length = 0;
});

it('marks documents behind others too, as when a page is loaded', async () => {
  const [front, behind] = ['a', 'b'].map(name => {
    const { watched, model } = aDocument(
      `${name}.ipynb`,
      new FakeKernel({ id: name })
    );
    model.pushed.set(5, { key: 'k', figure: aPart(1) });
    return watched;
  });
  const memguard = new FakeMemguard(front);
  await marksPlugin.activate({} as JupyterFrontEnd, memguard, null, null);
  await until(() => made.length > 0);
  memguard.open(behind);
  await until(() => made.length > 1);
  expect(made.map(([watched]) => watched)).toEqual([front, behind]);
});

it('marks a document once the size of a result is known', async () => {
  const { watched, model } = aDocument('a.ipynb', new FakeKernel({ id: 'a' }));
  const memguard = new FakeMemguard(watched);
  await marksPlugin.activate({} as JupyterFrontEnd, memguard, null, null);
  model.changed.emit();
  await settled();
  expect(made).toHaveLength(0);
  model.pushed.set(5, { key: 'k', figure: aPart(1) });
  model.changed.emit();
  model.changed.emit();
  await until(() => made.length > 0);
  model.changed.emit();
  await settled();
  expect(made).toHaveLength(1);
});
