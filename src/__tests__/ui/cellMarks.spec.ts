import { CodeCell } from '@jupyterlab/cells';
import { nullTranslator } from '@jupyterlab/translation';
import type { IPart } from '../../wire/protocol';
import { cellsOf } from '../../ui/cellLink';
import { CellMarks } from '../../ui/cellMarks';
import { CellNumbers } from '../../ui/cellNumbers';
import { FakeKernel } from '../fakes/kernel';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { sampleResult } from '../fakes/samples';
import { until } from '../fakes/waiting';
import { aPart } from '../fakes/rows';

jest.mock('../../ui/cellLink', () => ({ cellsOf: jest.fn() }));

const MIB = 1024 * 1024;

/** A cell that shows a result, as far as a mark looks at it. */
function aCell(id: string, executionCount: number, isPlaceholder = false) {
  const node = document.createElement('div');
  node.innerHTML =
    '<div class="jp-OutputArea-executeResult"><div class="jp-OutputPrompt">';
  const then = jest.fn();
  const values = {
    model: { id, executionCount },
    node,
    isPlaceholder: () => isPlaceholder,
    ready: { then },
    outputArea: { outputLengthChanged: { connect: () => true } }
  };
  const properties = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value }])
  );
  const cell = Object.create(CodeCell.prototype, properties) as CodeCell;
  const bytes = () =>
    node.querySelector<HTMLElement>('.jp-Memguard-mark')?.dataset.bytes;
  return { cell, then, bytes };
}

function theMarks(...cells: CodeCell[]) {
  jest.mocked(cellsOf).mockReturnValue(cells);
  const { watched, model } = aDocument('a', new FakeKernel({ id: 'k' }));
  const marks = new CellMarks(watched, new CellNumbers(watched), {
    memguard: new FakeMemguard(watched),
    trans: nullTranslator.load('jupyter_memguard'),
    showPanel: null
  });
  const hold = (number: number, bytes: number, more?: Partial<IPart>) => {
    model.pushed.set(number, { key: 'k', figure: aPart(bytes, more) });
    model.changed.emit();
  };
  return { marks, model, hold };
}

describe('marks', () => {
  it('forget which cell made a number when the kernel has gone', async () => {
    const [made, shows] = [aCell('made', 1), aCell('shows', 5)];
    const { marks, model, hold } = theMarks(made.cell, shows.cell);
    const { agent } = model;
    const results = [sampleResult(5, 1, 'k')];
    agent.event.emit({
      event: 'cell_end',
      data: {
        execution_count: 5,
        cell_id: 'made',
        gone: [],
        results,
        withheld: []
      }
    });
    hold(5, 20 * MIB);
    await until(() => made.bytes() !== undefined);
    agent.setState({ kind: 'no-kernel' });
    agent.setState({ kind: 'ready' });
    await until(() => shows.bytes() !== undefined);
    expect(made.bytes()).toBeUndefined();
    marks.dispose();
  });

  it('say what the guard did not keep, until something is retained', async () => {
    const [cell, other] = [aCell('drawn', 5), aCell('other', 6)];
    const { marks, model, hold } = theMarks(cell.cell, other.cell);
    model.withheld.set(5, {
      number: 5,
      type: 'ndarray',
      bytes: 20 * MIB,
      exact: true
    });
    model.changed.emit();
    await until(() => cell.bytes() !== undefined);
    expect(other.bytes()).toBeUndefined();
    const mark = cell.cell.node.querySelector('.jp-Memguard-mark');
    expect(mark?.getAttribute('aria-label')).toBe(
      'Out[5] was not kept: ndarray, 20 MiB. To keep such a result, assign it to a variable.'
    );
    expect((mark as HTMLElement).dataset.kind).toBe('withheld');
    hold(5, 30 * MIB);
    await until(() => cell.bytes() === `${30 * MIB}`);
    expect(cell.cell.node.querySelectorAll('.jp-Memguard-mark')).toHaveLength(
      1
    );
    model.withheld.clear();
    model.pushed.clear();
    model.changed.emit();
    await until(() => cell.bytes() === undefined);
    marks.dispose();
  });

  it('wait once for a cell that is not drawn yet', async () => {
    const [cell, later] = [aCell('drawn', 5), aCell('later', 6, true)];
    const { marks, hold } = theMarks(cell.cell, later.cell);
    hold(6, 20 * MIB);
    for (const mib of [20, 30, 40]) {
      hold(5, mib * MIB);
      await until(() => cell.bytes() === `${mib * MIB}`);
    }
    expect(later.then).toHaveBeenCalledTimes(1);
    marks.dispose();
  });

  it.each([
    [{}, '20 MiB kept by this result'],
    [{ exact: false }, 'at least 20 MiB kept by this result'],
    [
      { exact: false, estimate_bytes: 30 * MIB },
      'about 30 MiB kept by this result'
    ]
  ])('say how sure their figure is: %j', async (more, text) => {
    const cell = aCell('made', 5);
    const { marks, hold } = theMarks(cell.cell);
    hold(5, 20 * MIB, more);
    await until(() => cell.bytes() !== undefined);
    const mark = cell.cell.node.querySelector('.jp-Memguard-mark');
    expect(mark?.getAttribute('aria-label')).toBe(text);
    marks.dispose();
  });
});
