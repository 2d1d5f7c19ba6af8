import { ConsolePanel } from '@jupyterlab/console';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Widget } from '@lumino/widgets';
import { putIntoNewCell } from '../../ui/newCell';

/** A widget of a class, without its constructor. */
function like<T extends Widget>(prototype: T, values: object): T {
  return Object.defineProperties(
    Object.create(prototype) as T,
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, { value }])
    )
  );
}

describe('putIntoNewCell', () => {
  it('puts code below the active cell of a notebook, and makes that active', () => {
    const inserted: unknown[] = [];
    const content = {
      activeCellIndex: 2,
      model: {
        sharedModel: {
          insertCell: (index: number, cell: object) =>
            inserted.push([index, cell])
        }
      },
      deselectAll: () => undefined
    };
    putIntoNewCell(like(NotebookPanel.prototype, { content }), 'del df');
    expect(inserted).toMatchObject([
      [3, { cell_type: 'code', source: 'del df' }]
    ]);
    expect(content.activeCellIndex).toBe(3);
  });

  it('puts code where a person types in a console', () => {
    const replaceSelection = jest.fn();
    const widget = like(ConsolePanel.prototype, {
      console: { replaceSelection }
    });
    putIntoNewCell(widget, 'del df');
    expect(replaceSelection).toHaveBeenCalledWith('del df');
  });

  it('leaves alone what has no cells', () => {
    expect(() => putIntoNewCell(new Widget(), 'del df')).not.toThrow();
  });
});
