import type { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Widget } from '@lumino/widgets';
import { findCell, goToCell, type CellRef } from '../../ui/cellLink';
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
