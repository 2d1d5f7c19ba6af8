import type { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Widget } from '@lumino/widgets';
import { findCell, goToCell, showCell, type CellRef } from '../../ui/cellLink';
import { FakeKernel } from '../fakes/kernel';
import { aDocument, FakeMemguard } from '../fakes/memguard';
import { until } from '../fakes/waiting';

interface IFakeCell {
  id: string;
  source: string;
  executionCount: number | null;
  isDirty?: boolean;
}

/** A notebook panel of cells, as far as going to a cell looks at it. */
function aNotebook(cells: IFakeCell[]) {
  const panel = Object.create(NotebookPanel.prototype) as NotebookPanel;
  const widgets = cells.map(
    ({ source, ...model }) =>
      ({
        node: document.createElement('div'),
        model: {
          isDirty: false,
          ...model,
          sharedModel: { getSource: () => source }
        }
      }) as unknown as Cell
  );
  const content = {
    widgets,
    activeCellIndex: 0,
    scrolledTo: -1,
    alignedTo: '',
    deselectAll: jest.fn(),
    scrollToItem: async (index: number, align: string) => {
      content.scrolledTo = index;
      content.alignedTo = align;
    }
  };
  Object.defineProperty(panel, 'content', { value: content });
  return { panel, content };
}

const REF: CellRef = { cell_id: 'b', execution: 5, source: 'df.head()' };
const A = { id: 'a', source: 'x', executionCount: 1 };
const B = { id: 'b', source: '\nmore\n df.head()  ', executionCount: 5 };

describe('findCell', () => {
  it('finds the cell by its id, wherever it was moved to', () => {
    for (const [cells, index] of [
      [[A, B], 1],
      [[B, A], 0]
    ] as const) {
      const { panel } = aNotebook([...cells]);
      expect(findCell(panel, REF)).toMatchObject({ fate: 'same', index });
    }
  });

  it.each([
    ['edited', [{ ...B, source: 'df.tail()' }]],
    ['edited', [{ ...B, isDirty: true }]],
    ['run-again', [{ ...B, executionCount: 9 }]],
    ['deleted', [A]]
  ])('says that it was %s', (fate, cells) => {
    expect(findCell(aNotebook(cells).panel, REF).fate).toBe(fate);
  });

  it('knows a line that was cut', () => {
    const long = `f(${'x, '.repeat(100)})`;
    const { panel } = aNotebook([{ ...B, source: long }]);
    const fateOf = (source: string) => findCell(panel, { ...REF, source }).fate;
    expect(fateOf(long.slice(0, 200))).toBe('same');
    expect(fateOf(long.slice(1, 201))).toBe('edited');
  });

  it('does not guess by counting', () => {
    const { panel } = aNotebook([A, B]);
    expect(findCell(panel, { ...REF, cell_id: null }).fate).toBe('unknown');
  });

  it('finds nothing in what has no cells', () => {
    expect(findCell(new Widget(), REF).fate).toBe('deleted');
  });
});

describe('goToCell', () => {
  it('selects the cell and brings it into view', async () => {
    const { panel, content } = aNotebook([A, B]);
    expect(await goToCell(panel, REF)).toBe('same');
    expect(content.activeCellIndex).toBe(1);
    expect(content.scrolledTo).toBe(1);
    expect(content.alignedTo).toBe('start');
    expect(content.deselectAll).toHaveBeenCalled();
  });

  it('follows the top of the cell while others are drawn, until a person scrolls', async () => {
    const { panel, content } = aNotebook([A, B]);
    const outer = document.createElement('div');
    outer.className = 'jp-WindowedPanel-outer';
    document.body.append(outer);
    const { node } = content.widgets[1];
    outer.append(node);
    // Where the cell is in the whole notebook.
    let place = 300;
    node.getBoundingClientRect = () =>
      ({ top: place - outer.scrollTop }) as DOMRect;
    const going = goToCell(panel, REF);
    await until(() => outer.scrollTop === 300);
    place = 500;
    await going;
    expect(outer.scrollTop).toBe(500);

    const again = goToCell(panel, REF);
    outer.dispatchEvent(new Event('wheel'));
    await until(() => content.scrolledTo === 1);
    place = 700;
    outer.dispatchEvent(new Event('wheel'));
    await again;
    expect(outer.scrollTop).toBe(500);
    outer.remove();
  });

  it('says what became of the cell also where another scroll takes its place', async () => {
    const { panel, content } = aNotebook([A, B]);
    // As a windowed notebook does with the one before.
    content.scrollToItem = () => Promise.reject('Scrolling to a new item');
    expect(await goToCell(panel, REF)).toBe('same');
  });

  it('stays where it is if the cell is gone', async () => {
    const { panel, content } = aNotebook([A]);
    expect(await goToCell(panel, REF)).toBe('deleted');
    expect(content.scrolledTo).toBe(-1);
  });
});

describe('showCell', () => {
  const kernel = new FakeKernel();

  /** A notebook that is open, on a kernel. */
  function anOpenNotebook(cells: IFakeCell[], of = kernel) {
    const { panel, content } = aNotebook(cells);
    const { watched, context, model } = aDocument('', of);
    Object.defineProperty(panel, 'sessionContext', { value: context });
    Object.defineProperty(panel, 'id', { value: String(Math.random()) });
    Object.assign(watched, { widget: panel });
    /** Have run the cell of the reference. */
    const ran = () => {
      jest
        .spyOn(model.agent.executed, 'cellOf')
        .mockImplementation(count => (count === REF.execution ? 'b' : null));
    };
    return { watched, content, ran, id: panel.id };
  }

  /** Show a cell from the first of some notebooks. */
  async function shownFrom(
    [first, ...others]: ReturnType<typeof anOpenNotebook>[],
    ref = REF
  ) {
    const memguard = new FakeMemguard(first.watched);
    others.forEach(({ watched }) => memguard.open(watched));
    const activated: string[] = [];
    const shell = { activateById: (id: string) => activated.push(id) };
    const fate = await showCell(ref, first.watched, memguard, shell);
    return { fate, activated };
  }

  it('stays in the notebook that has it', async () => {
    const [own, other] = [anOpenNotebook([A, B]), anOpenNotebook([A, B])];
    const { fate, activated } = await shownFrom([own, other]);
    expect([fate, activated]).toEqual(['same', [own.id]]);
    expect(own.content.scrolledTo).toBe(1);
  });

  it('brings the other notebook on the kernel to the front that has it', async () => {
    const [own, other] = [anOpenNotebook([A]), anOpenNotebook([A, B])];
    const { fate, activated } = await shownFrom([own, other]);
    expect([fate, activated]).toEqual(['same', [other.id]]);
    expect(own.content.scrolledTo).toBe(-1);
    expect(other.content.scrolledTo).toBe(1);
  });

  it('knows which of two copies ran it', async () => {
    const [own, copy] = [anOpenNotebook([A, B]), anOpenNotebook([A, B])];
    copy.ran();
    // The kernel did not record which cell it was.
    const ref = { ...REF, cell_id: null };
    expect(await shownFrom([own, copy], ref)).toEqual({
      fate: 'same',
      activated: [copy.id]
    });
    expect((await shownFrom([own, copy])).activated).toEqual([copy.id]);
  });

  it('stays where it is, and says that it was deleted where that is known', async () => {
    const [own, other] = [anOpenNotebook([A]), anOpenNotebook([A])];
    other.ran();
    expect(await shownFrom([own, other])).toEqual({
      fate: 'deleted',
      activated: [own.id]
    });
  });

  it.each<[string | null, string]>([
    ['b', 'elsewhere'],
    [null, 'unknown']
  ])('stays where it is if no notebook has %s', async (cell_id, fate) => {
    const own = anOpenNotebook([A]);
    const other = anOpenNotebook([A, B], new FakeKernel());
    expect(await shownFrom([own, other], { ...REF, cell_id })).toEqual({
      fate,
      activated: [own.id]
    });
  });
});
