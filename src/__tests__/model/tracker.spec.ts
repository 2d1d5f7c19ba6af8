import type { IConsoleTracker } from '@jupyterlab/console';
import type { INotebookTracker } from '@jupyterlab/notebook';
import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import schema from '../../../schema/plugin.json';
import { attachToEach } from '../../ui/attach';
import { DEFAULTS } from '../../model/settings';
import type { IWatched } from '../../tokens';
import { Tracker } from '../../model/tracker';
import { KERNEL_CODE } from '../../kernel/kernelCode';
import { FakeContext, FakeKernel } from '../fakes/kernel';
import { settled } from '../fakes/waiting';

/** A notebook's or console's widget. */
class Document extends Widget {
  readonly sessionContext = new FakeContext();
  readonly metadata: Record<string, unknown> = {};
  readonly metadataChanged = new Signal<this, { key: string }>(this);
  readonly context = {
    ready: Promise.resolve(),
    model: {
      metadataChanged: this.metadataChanged,
      getMetadata: (key: string) => this.metadata[key],
      setMetadata: (key: string, value: unknown) => {
        this.metadata[key] = value;
        this.metadataChanged.emit({ key });
      },
      deleteMetadata: (key: string) => {
        delete this.metadata[key];
        this.metadataChanged.emit({ key });
      }
    }
  };
}

/** The documents of one kind. */
class Documents {
  readonly widgetAdded = new Signal<this, Document>(this);
  readonly currentChanged = new Signal<this, Document | null>(this);
  currentWidget: Document | null = null;
  readonly all: Document[] = [];

  forEach(fn: (widget: Document) => void): void {
    this.all.forEach(fn);
  }

  open(): Document {
    const widget = this.openBehind();
    this.show(widget);
    return widget;
  }

  openBehind(): Document {
    const widget = new Document();
    this.all.push(widget);
    this.widgetAdded.emit(widget);
    return widget;
  }

  show(widget: Document): void {
    if (this.currentWidget !== widget) {
      this.currentWidget = widget;
      this.currentChanged.emit(widget);
    }
  }
}

class Shell {
  readonly currentChanged = new Signal<this, void>(this);
  currentWidget: Widget | null = null;

  show(widget: Widget): void {
    this.currentWidget = widget;
    this.currentChanged.emit();
  }
}

function aTracker(settings = DEFAULTS) {
  const now = { settings };
  const notebooks = new Documents();
  const consoles = new Documents();
  const front = new Shell();
  const make = () =>
    new Tracker(
      {
        notebooks: notebooks as unknown as INotebookTracker,
        consoles: consoles as unknown as IConsoleTracker,
        front
      },
      () => now.settings
    );
  return { notebooks, consoles, front, make, now };
}

describe('what is in front', () => {
  it('is found where it was opened before', () => {
    const { notebooks, make } = aTracker();
    const notebook = notebooks.open();
    const tracker = make();
    expect(tracker.current?.widget).toBe(notebook);
    expect(tracker.current?.kind).toBe('notebook');
  });

  it('follows notebooks and consoles', () => {
    const { notebooks, consoles, front, make } = aTracker();
    const tracker = make();
    const seen: (IWatched | null)[] = [];
    tracker.currentChanged.connect((_, current) => seen.push(current));
    const notebook = notebooks.open();
    const console_ = consoles.open();
    expect(tracker.current?.kind).toBe('console');
    front.show(notebook);
    expect(tracker.current?.widget).toBe(notebook);
    expect(seen.map(one => one?.widget)).toEqual([
      notebook,
      console_,
      notebook
    ]);
  });

  it('stays when something else comes in front', () => {
    const { notebooks, front, make } = aTracker();
    const tracker = make();
    const notebook = notebooks.open();
    front.show(new Widget());
    expect(tracker.current?.widget).toBe(notebook);
  });

  it('is what the shell has in front when it is opened', () => {
    const { consoles, front, make } = aTracker();
    const tracker = make();
    const console_ = new Document();
    front.currentWidget = console_;
    consoles.widgetAdded.emit(console_);
    expect(tracker.current?.widget).toBe(console_);
  });

  it('is told once, and stays when one behind it is closed', () => {
    const { notebooks, front, make } = aTracker();
    const tracker = make();
    const behind = notebooks.open();
    const notebook = notebooks.open();
    let told = 0;
    tracker.currentChanged.connect(() => told++);
    front.show(notebook);
    behind.dispose();
    expect(tracker.current?.widget).toBe(notebook);
    expect(told).toBe(0);
  });

  it('is nothing when it has been closed', () => {
    const { notebooks, make } = aTracker();
    const tracker = make();
    const notebook = notebooks.open();
    const { current } = tracker;
    notebook.dispose();
    expect(tracker.current).toBeNull();
    expect(current?.isDisposed).toBe(true);
    expect([...tracker.watched]).toEqual([]);
    expect(tracker.find(notebook)).toBeNull();
  });

  it('works where the application has no consoles', () => {
    const { notebooks, front } = aTracker();
    const tracker = new Tracker(
      {
        notebooks: notebooks as unknown as INotebookTracker,
        consoles: null,
        front
      },
      () => DEFAULTS
    );
    notebooks.open();
    expect(tracker.current?.kind).toBe('notebook');
  });
});

describe('a document', () => {
  it('is watched once, and not when it is closed already', () => {
    const { notebooks, make } = aTracker();
    const closed = new Document();
    closed.dispose();
    notebooks.all.push(closed);
    const tracker = make();
    const notebook = notebooks.open();
    const watched = tracker.find(notebook);
    notebooks.widgetAdded.emit(notebook);
    expect([...tracker.watched]).toEqual([watched]);
  });

  it('is a console where it was opened before, too', () => {
    const { consoles, make } = aTracker();
    const console_ = consoles.openBehind();
    const tracker = make();
    expect(tracker.find(console_)?.kind).toBe('console');
  });

  it('frees what is as large as the settings say', async () => {
    const { notebooks, make, now } = aTracker();
    const tracker = make();
    const context = notebooks.open().sessionContext;
    const kernel = new FakeKernel();
    context.setKernel(kernel);
    await KERNEL_CODE.core.load();
    await settled();
    await kernel.answerVersion();
    await settled();
    kernel.hello();
    now.settings = { ...DEFAULTS, freeMinimumMiB: 7 };
    void tracker.current?.model.release({ kind: 'large' });
    await settled();
    expect(kernel.requests).toMatchObject([
      { method: 'release', params: { min_bytes: 7 * 1024 * 1024 } }
    ]);
  });

  it('has a kernel that the settings name, without a restart', async () => {
    await KERNEL_CODE.core.load();
    const { notebooks, make, now } = aTracker();
    const tracker = make();
    const context = notebooks.open().sessionContext;
    const kernel = new FakeKernel();
    context.setKernel(kernel);
    kernel.tellInfo('our own');
    expect(tracker.current?.agent.state.kind).toBe('not-python');
    now.settings = { ...DEFAULTS, kernelImplementations: ['our own'] };
    tracker.applySettings();
    expect(tracker.current?.agent.state.kind).toBe('installing');
  });

  it('is prepared for its guard when that is known, and when it changes', async () => {
    const { consoles, notebooks, make } = aTracker();
    const load = jest.spyOn(KERNEL_CODE.engine, 'load');
    const tracker = make();
    const notebook = notebooks.open();
    await settled();
    expect(load).not.toHaveBeenCalled();
    notebook.context.model.setMetadata('jupyter_memguard', { guard: 'large' });
    expect(load).toHaveBeenCalledTimes(1);
    tracker.find(consoles.open())!.guardStore.own = { guard: 'large' };
    expect(load).toHaveBeenCalledTimes(2);
    const loaded = new Document();
    loaded.metadata.jupyter_memguard = { guard: 'off' };
    notebooks.widgetAdded.emit(loaded);
    // Its metadata are those of its file only now.
    loaded.metadata.jupyter_memguard = { guard: 'large' };
    await settled();
    expect(load).toHaveBeenCalledTimes(3);
    load.mockRestore();
  });

  it('is one of an application without notebooks, whose shell tells little', () => {
    const { consoles } = aTracker();
    const tracker = new Tracker(
      {
        notebooks: null,
        consoles: consoles as unknown as IConsoleTracker,
        front: { currentWidget: null }
      },
      () => DEFAULTS
    );
    const console_ = consoles.open();
    expect(tracker.current?.widget).toBe(console_);
  });
});

describe('what is attached to each document', () => {
  it('is so also behind another, as when a page is loaded, until it closes', () => {
    const { notebooks, make } = aTracker();
    const first = notebooks.open();
    const tracker = make();
    const attached = new Set<Widget>();
    const all = attachToEach(tracker, ({ widget }) => {
      attached.add(widget);
      return new DisposableDelegate(() => void attached.delete(widget));
    });
    const behind = notebooks.openBehind();
    expect(tracker.current?.widget).toBe(first);
    expect(attached.has(first) && attached.has(behind)).toBe(true);
    behind.dispose();
    expect(attached.has(first) && !attached.has(behind)).toBe(true);
    all.dispose();
    notebooks.openBehind();
    expect(attached.size).toBe(0);
  });
});

describe("a document's guard", () => {
  it('goes with the install message: metadata before settings', async () => {
    await Promise.all([KERNEL_CODE.core.load(), KERNEL_CODE.engine.load()]);
    const { notebooks, make } = aTracker({ ...DEFAULTS, guardMode: 'large' });
    make();
    const notebook = notebooks.open();
    notebook.metadata.jupyter_memguard = { guard: 'all' };
    const kernel = new FakeKernel();
    notebook.sessionContext.setKernel(kernel);
    expect(kernel.installs[0]).toContain('mode\\":\\"all');
    const other = new FakeKernel();
    notebooks.open().sessionContext.setKernel(other);
    expect(other.installs[0]).toContain('mode\\":\\"large');
  });

  it("is kept in a notebook's metadata with what else is there", () => {
    const { notebooks, make } = aTracker();
    const tracker = make();
    const notebook = notebooks.open();
    notebook.metadata.jupyter_memguard = { guard: 'off', later: 1 };
    const { guardStore } = tracker.find(notebook)!;
    let told = 0;
    guardStore.changed.connect(() => void told++);
    guardStore.own = { guard: 'last' };
    expect(notebook.metadata.jupyter_memguard).toEqual({
      guard: 'last',
      later: 1
    });
    guardStore.own = null;
    expect(notebook.metadata).toEqual({});
    notebook.context.model.setMetadata('other', 1);
    expect(told).toBe(2);
  });

  it('tells nothing more when the document is closed', () => {
    const { consoles, make } = aTracker();
    const tracker = make();
    const console_ = consoles.open();
    const { guardStore } = tracker.find(console_)!;
    let told = 0;
    guardStore.changed.connect(() => void told++);
    guardStore.own = { guard: 'all' };
    console_.dispose();
    guardStore.own = { guard: 'last' };
    expect(told).toBe(1);
  });
});

describe('settings', () => {
  it('have the defaults of the schema', () => {
    const defaults = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [
        name,
        property.default
      ])
    );
    expect(defaults).toEqual(DEFAULTS);
  });

  it('have the code loaded that their guard needs', () => {
    const { notebooks, make, now } = aTracker();
    const tracker = make();
    notebooks.open();
    const load = jest.spyOn(KERNEL_CODE.engine, 'load');
    now.settings = { ...DEFAULTS, statusBar: false };
    tracker.applySettings();
    expect(load).not.toHaveBeenCalled();
    now.settings = { ...DEFAULTS, guardMode: 'large' };
    tracker.applySettings();
    expect(load).toHaveBeenCalled();
    load.mockRestore();
  });
});
