import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { CellRuns } from '../../kernel/cellRuns';
import type { RunStep } from '../../tokens';

const DATE = '2026-01-01T00:00:00Z';
const TIME = Date.parse(DATE) / 1000;

let runs: CellRuns;
let steps: RunStep[];

beforeEach(() => {
  runs = new CellRuns();
  steps = [];
  runs.step.connect((_, step) => steps.push(step));
});

function see(direction: 'send' | 'recv', msg: object): void {
  runs.see({ direction, msg } as Kernel.IAnyMessageArgs);
}

function send(id: string, cellId?: string, type = 'execute_request'): void {
  see('send', {
    header: { msg_id: id, msg_type: type, date: DATE },
    parent_header: {},
    metadata: { cellId },
    content: {}
  });
}

function receive(
  id: string,
  type: string,
  content: object = {},
  parent = 'execute_request'
): void {
  see('recv', {
    header: { msg_id: 'x', msg_type: type, date: DATE },
    parent_header: { msg_id: id, msg_type: parent },
    metadata: {},
    content
  });
}

function answer(id: string, count: number | null, parent?: string): void {
  receive(id, 'status', { execution_state: 'busy' }, parent);
  receive(id, 'execute_input', { execution_count: count }, parent);
  receive(id, 'stream', { text: 'something' }, parent);
  receive(id, 'execute_reply', {}, parent);
  receive(id, 'status', { execution_state: 'idle' }, parent);
}

describe('CellRuns', () => {
  it('tells the steps of a run, with its cell', () => {
    send('m1', 'cell-a');
    answer('m1', 7);
    const run = { id: 'm1', cellId: 'cell-a' };
    expect(steps).toEqual([
      { ...run, kind: 'sent' },
      { ...run, kind: 'busy', time: TIME },
      { ...run, kind: 'input', count: 7 },
      { ...run, kind: 'replied' },
      { ...run, kind: 'idle', time: TIME }
    ]);
  });

  it('tells of other clients, whose cells are not known', () => {
    answer('theirs', 3);
    expect(steps.map(({ kind }) => kind)).toEqual([
      'busy',
      'input',
      'replied',
      'idle'
    ]);
    expect(steps.every(({ cellId }) => cellId === null)).toBe(true);
  });

  it('tells nothing of other messages', () => {
    send('c1', undefined, 'comm_msg');
    answer('c1', 1, 'comm_msg');
    see('recv', {
      header: { msg_type: 'status', date: DATE },
      parent_header: {},
      content: { execution_state: 'idle' }
    });
    expect(steps).toEqual([]);
  });

  it('tells no input of a silent run, which is not counted', () => {
    answer('m1', null);
    expect(steps.map(({ kind }) => kind)).not.toContain('input');
  });

  it('tells nothing of a run that is not to be seen', () => {
    runs.unseen(() => {
      send('install');
      return { msg: { header: { msg_id: 'install' } } } as {
        msg: KernelMessage.IMessage;
      };
    });
    answer('install', 1);
    expect(steps).toEqual([]);
    // The id is forgotten with the end of the run.
    receive('install', 'status', { execution_state: 'busy' });
    expect(steps.splice(0)).toHaveLength(1);
    send('m1');
    expect(steps).toHaveLength(1);
  });

  it('forgets the cells of the kernel that is gone', () => {
    send('m1', 'cell-a');
    runs.clear();
    receive('m1', 'status', { execution_state: 'busy' });
    expect(steps[1].cellId).toBeNull();
  });
});
