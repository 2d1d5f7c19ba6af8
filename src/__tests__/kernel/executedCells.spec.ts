import type { Kernel } from '@jupyterlab/services';
import { CellRuns } from '../../kernel/cellRuns';
import { ExecutedCells } from '../../kernel/executedCells';
import type { IRow } from '../../wire/protocol';
import { aRow } from '../fakes/rows';

let runs: CellRuns;
let executed: ExecutedCells;

/** What passes by when a cell runs: it is sent, begins, and ends. */
function pass(id: string, number: number, cellId?: string, sent = true): void {
  const see = (direction: string, msg: object): void =>
    runs.see({ direction, msg } as unknown as Kernel.IAnyMessageArgs);
  const parent_header = { msg_id: id, msg_type: 'execute_request' };
  if (sent) {
    see('send', {
      header: parent_header,
      parent_header: {},
      metadata: cellId === undefined ? {} : { cellId },
      content: {}
    });
  }
  see('recv', {
    // The kernel's clock is not the page's.
    header: { msg_type: 'execute_input', date: '2026-01-01T00:00:00Z' },
    parent_header,
    metadata: {},
    content: { execution_count: number }
  });
  see('recv', {
    header: { msg_type: 'execute_reply' },
    parent_header,
    metadata: {},
    content: {}
  });
}

const unseen = (number: number) =>
  aRow(number, 1, { cell_id: null, time: null });

beforeEach(() => {
  jest.useFakeTimers({ now: 5_000_000 });
  runs = new CellRuns();
  executed = new ExecutedCells(runs);
});
afterEach(() => jest.useRealTimers());

describe('ExecutedCells', () => {
  it('knows the cell and the time of what ran while the page was open', () => {
    pass('a', 3, 'cell-a');
    jest.setSystemTime(6_000_000);
    pass('b', 4, 'cell-b');
    const complete = (row: IRow): IRow => executed.complete(row);
    expect(complete(unseen(3))).toMatchObject({
      cell_id: 'cell-a',
      time: 5000
    });
    expect(complete(unseen(4))).toMatchObject({
      cell_id: 'cell-b',
      time: 6000
    });
    expect(complete(unseen(5))).toEqual(unseen(5));
  });

  it('believes the kernel first', () => {
    pass('a', 3, 'cell-a');
    const row = aRow(3, 1, { cell_id: 'theirs', time: 7 });
    expect(executed.complete(row)).toBe(row);
    expect(
      executed.complete(aRow(3, 1, { cell_id: null, time: 7 }))
    ).toMatchObject({ cell_id: 'cell-a', time: 7 });
  });

  it('knows the time alone of what another client ran', () => {
    pass('theirs', 3, undefined, false);
    expect(executed.complete(unseen(3))).toMatchObject({
      cell_id: null,
      time: 5000
    });
  });

  it('names the cells that this document ran, and no others', () => {
    pass('a', 3, 'cell-a');
    pass('theirs', 4, undefined, false);
    expect([3, 4, 5, null].map(count => executed.cellOf(count))).toEqual([
      'cell-a',
      null,
      null,
      null
    ]);
  });

  it('forgets the kernel that is gone', () => {
    pass('a', 3, 'cell-a');
    executed.clear();
    expect(executed.complete(unseen(3))).toEqual(unseen(3));
  });

  it('forgets the oldest of very many', () => {
    for (let number = 1; number <= 10_001; number++) {
      pass(`id-${number}`, number, `cell-${number}`);
    }
    expect(executed.complete(unseen(1)).cell_id).toBeNull();
    expect(executed.complete(unseen(2)).cell_id).toBe('cell-2');
    expect(executed.complete(unseen(10_001)).cell_id).toBe('cell-10001');
  });
});
