import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import type { KernelList } from '../memory/kernels/kernelList';
import type { MemoryPoll } from '../memory/poll';
import type { IMemoryReadings } from '../memory/readings';
import { Warnings } from '../memory/warnings/warnings';
import { ConsoleGuard } from '../model/guardStores';
import { chartPlugin } from '../plugins/chart';
import { attachMarks } from '../ui/attachMarks';
import { codeOffer } from '../ui/codeOffer';
import { CommandIDs } from '../ui/commandIds';
import { addCommands } from '../ui/commands';
import { tellReleases } from '../ui/releaseNotices';
import { FakeKernel } from './fakes/kernel';
import { FakeMemguard, aDocument } from './fakes/memguard';
import { redrawn } from './fakes/render';
import { aPart, aRelease } from './fakes/rows';
import { FakeServer, GIB } from './fakes/server';

// The parts of the page that are loaded when they are needed.
let mockIsOffline = true;
const mockLoads: string[] = [];
let mockMarked = 0;
const mockOffered: string[] = [];

function mockPart(name: string, load: () => object): object {
  mockLoads.push(name);
  if (mockIsOffline) {
    throw new Error('offline');
  }
  return load();
}

jest.mock('../memory/warnings/notices', () =>
  mockPart('warnings', () => jest.requireActual('../memory/warnings/notices'))
);
jest.mock('../memory/chart/runs', () =>
  mockPart('runs', () => jest.requireActual('../memory/chart/runs'))
);
jest.mock('../ui/cellLink', () =>
  mockPart('cellLink', () => ({ showCell: async () => 'same' }))
);
jest.mock('../ui/cellMarks', () =>
  mockPart('marks', () => ({
    CellMarks: class {
      constructor() {
        mockMarked += 1;
      }
      dispose(): void {}
    }
  }))
);
jest.mock('../ui/newCell', () =>
  mockPart('newCell', () => ({
    putIntoNewCell: (_: Widget, code: string) => mockOffered.push(code)
  }))
);
jest.mock('../ui/offerToFree', () => mockPart('offer', () => ({})));
jest.mock('../ui/releaseNotice', () =>
  mockPart('releases', () => jest.requireActual('../ui/releaseNotice'))
);

const trans = nullTranslator.load('jupyter_memguard');
const error = jest.spyOn(console, 'error').mockImplementation();

/** Do something, and let the parts that it asks for load or fail for good. */
async function done(what: () => unknown): Promise<void> {
  const drawn = redrawn(what);
  await jest.advanceTimersByTimeAsync(20_000);
  await drawn;
}

function messages(): string[] {
  return Notification.manager.notifications.map(each => each.message);
}

describe('a part of the page that does not load', () => {
  beforeEach(() => {
    jest.useFakeTimers();
    mockIsOffline = true;
    mockLoads.length = 0;
    error.mockClear();
    Notification.manager.dismiss();
  });

  afterEach(() => jest.useRealTimers());

  it('has a kernel that is still near its limit warned of once it loads', async () => {
    const { watched, model } = aDocument(
      'a.ipynb',
      new FakeKernel({ id: 'k' })
    );
    model.agent.cellRunning = true;
    const poll = { changed: new Signal<object, object>({}) };
    const list = { changed: new Signal<object, void>({}) };
    const warnings = new Warnings(
      new FakeMemguard(watched),
      new FakeServer().rest,
      trans
    );
    warnings.watch(
      poll as unknown as MemoryPoll,
      list as unknown as KernelList
    );
    const limit = { source: 'config', limit_bytes: 8 * GIB, used_bytes: null };
    const read = (): Promise<void> => {
      const bytes = 7.6 * GIB;
      const reading = { kind: 'process', kernelId: 'k', bytes, level: 0.95 };
      return done(() =>
        poll.changed.emit({ ...reading, limit, nearest: limit, time: 1 })
      );
    };
    await read();
    expect(messages()).toEqual([]);
    expect(error).toHaveBeenCalledTimes(1);
    mockIsOffline = false;
    await read();
    await read();
    expect(messages()).toEqual([expect.stringContaining('95 %')]);
    warnings.dispose();
  });

  it('has a release told once it loads, but not after the document is closed', async () => {
    const [open, closed] = ['a', 'b'].map(name => aDocument(name, null));
    const [, toClose] = [open, closed].map(({ watched }) =>
      tellReleases({
        memguard: new FakeMemguard(watched),
        trans,
        isShown: () => false
      })
    );
    await done(() => {
      closed.model.set({ outcome: aRelease() });
      toClose.dispose();
      open.model.set({ outcome: aRelease() });
    });
    expect(messages()).toEqual([]);
    mockIsOffline = false;
    mockLoads.length = 0;
    await done(() => closed.model.changed.emit());
    expect(mockLoads).toEqual([]);
    await done(() => open.model.changed.emit());
    expect(messages()).toHaveLength(1);
  });

  it('has a document marked once it loads', async () => {
    const { watched, model } = aDocument('a.ipynb', null);
    model.pushed.set(5, { key: 'k', figure: aPart(1) });
    const memguard = new FakeMemguard(watched);
    const marks = attachMarks({ memguard, trans, showPanel: null });
    await done(() => model.changed.emit());
    expect(mockMarked).toBe(0);
    mockIsOffline = false;
    await done(() => {
      model.changed.emit();
      model.changed.emit();
    });
    await done(() => model.changed.emit());
    expect(mockMarked).toBe(1);
    marks.dispose();
  });

  it('leaves a guard turned on', async () => {
    const { watched, model } = aDocument('a.ipynb', null);
    Object.assign(watched, { guardStore: new ConsoleGuard() });
    const commands = new CommandRegistry();
    addCommands(
      { commands, shell: {} } as unknown as JupyterFrontEnd,
      new FakeMemguard(watched),
      trans
    );
    model.setGuard = async () => {
      Object.assign(model.agent, { guard: { mode: 'last' } });
    };
    await done(() =>
      commands.execute(CommandIDs.setGuardMode, { mode: 'last' })
    );
    expect(mockLoads).toContain('offer');
    expect(error).toHaveBeenCalledTimes(1);
  });

  it('has code offered when a person asks for it again', async () => {
    const { watched } = aDocument('a.ipynb', null);
    const activateById = jest.fn();
    const offer = codeOffer({ activateById }, trans);
    await done(() => offer(watched, 'del df'));
    expect(messages()).toEqual([expect.stringContaining('Try again')]);
    expect(activateById).not.toHaveBeenCalled();
    mockIsOffline = false;
    await done(() => offer(watched, 'del df'));
    expect(mockOffered).toEqual(['del df']);
    expect(activateById).toHaveBeenCalledWith(watched.widget.id);
  });

  it('has the chart drawn when a person asks for it again', async () => {
    const { watched } = aDocument('a.ipynb', new FakeKernel({ id: 'k' }));
    const sections: Widget[] = [];
    const readings = {
      poll: { changed: new Signal<object, object>({}) },
      rest: new FakeServer().rest
    } as unknown as IMemoryReadings;
    const panel = { addSection: (each: Widget) => sections.push(each) };
    await chartPlugin.activate(
      { shell: {} } as unknown as JupyterFrontEnd,
      new FakeMemguard(watched),
      readings,
      panel,
      null
    );
    const [section] = sections;
    await done(() => Widget.attach(section, document.body));
    expect(section.node.textContent).toContain('could not be loaded');
    mockIsOffline = false;
    await done(() => section.hide());
    await done(() => section.show());
    expect(section.node.textContent).toContain('Run a cell');
    // What shows a cell is loaded with the chart: a click cannot fail.
    expect(mockLoads).toContain('cellLink');
    await done(() => section.dispose());
  });
});
