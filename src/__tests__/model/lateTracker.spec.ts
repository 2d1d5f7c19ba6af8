import type { INotebookTracker } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import type { ChunkOf } from '../../chunk';
import { LateTracker } from '../../model/lateTracker';
import { DEFAULTS } from '../../model/settings';
import { Tracker } from '../../model/tracker';
import type { ISettings, IWatched } from '../../tokens';
import { settled } from '../fakes/waiting';

jest.mock('../../model/tracker', () => ({ Tracker: jest.fn() }));

/** A document, as far as the service passes it on. */
function aDocument(): IWatched {
  return { widget: new Widget() } as unknown as IWatched;
}

/** Notebooks, of which a number is open when the page loads. */
function theNotebooks(size: number) {
  return {
    size,
    widgetAdded: new Signal<object, Widget>({})
  };
}

/** The tracker that is loaded, with one document in front. */
function theTracker() {
  const front = aDocument();
  const tracker = {
    current: front,
    watched: [front],
    applySettings: jest.fn(),
    added: new Signal<object, IWatched>({}),
    currentChanged: new Signal<object, IWatched | null>({}),
    find: (widget: Widget) => (widget === front.widget ? front : null)
  };
  jest
    .mocked(Tracker)
    .mockReset()
    .mockImplementation(() => tracker as unknown as Tracker);
  return { front, tracker };
}

function theService(
  notebooks: ReturnType<typeof theNotebooks>,
  chunk?: ChunkOf<{ Tracker: typeof Tracker }>
) {
  const service = new LateTracker(
    {
      notebooks: notebooks as unknown as INotebookTracker,
      consoles: null,
      front: { currentWidget: null }
    },
    DEFAULTS,
    chunk
  );
  const added: IWatched[] = [];
  const fronts: (IWatched | null)[] = [];
  service.added.connect((_, watched) => added.push(watched));
  service.currentChanged.connect((_, current) => fronts.push(current));
  return { service, added, fronts };
}

describe('the service', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('loads nothing while no document is open', async () => {
    theTracker();
    const { service } = theService(theNotebooks(0));
    await settled();
    expect(Tracker).not.toHaveBeenCalled();
    expect(service.current).toBeNull();
    expect([...service.watched]).toEqual([]);
    expect(service.find(new Widget())).toBeNull();
  });

  it('tells of the documents that are open when the tracker comes', async () => {
    const { front } = theTracker();
    const { service, added, fronts } = theService(theNotebooks(1));
    await settled();
    expect(added).toEqual([front]);
    expect(fronts).toEqual([front]);
    expect(service.current).toBe(front);
    expect(service.find(front.widget)).toBe(front);
  });

  it('loads the tracker once, with the first document', async () => {
    const { tracker } = theTracker();
    const notebooks = theNotebooks(0);
    const { added } = theService(notebooks);
    notebooks.widgetAdded.emit(new Widget());
    notebooks.widgetAdded.emit(new Widget());
    await settled();
    expect(Tracker).toHaveBeenCalledTimes(1);
    const later = aDocument();
    tracker.added.emit(later);
    expect(added).toHaveLength(2);
    expect(added[1]).toBe(later);
  });

  it.each<[string, (notebooks: ReturnType<typeof theNotebooks>) => unknown]>([
    ['with the next document', open => open.widgetAdded.emit(new Widget())],
    ['by and by', () => jest.runOnlyPendingTimers()]
  ])('is loaded where it could not be before, %s', async (_, happens) => {
    jest.useFakeTimers();
    theTracker();
    const notebooks = theNotebooks(1);
    const load = jest.fn().mockRejectedValueOnce(new Error('no chunk'));
    const { added } = theService(notebooks, { loaded: null, load });
    await settled();
    expect(added).toHaveLength(0);
    load.mockResolvedValue({ Tracker });
    happens(notebooks);
    await settled();
    expect(added).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('passes on which document is in front, if one is', async () => {
    const { front, tracker } = theTracker();
    Object.assign(tracker, { current: null });
    const { fronts } = theService(theNotebooks(1));
    await settled();
    expect(fronts).toEqual([]);
    tracker.currentChanged.emit(front);
    tracker.currentChanged.emit(null);
    expect(fronts).toEqual([front, null]);
  });

  it('keeps settings that are changed before a document is open', () => {
    theTracker();
    const { service } = theService(theNotebooks(0));
    const settings = { ...DEFAULTS, pollSeconds: 7 };
    const told: ISettings[] = [];
    service.settingsChanged.connect((_, changed) => told.push(changed));
    service.settings = settings;
    expect(service.settings).toBe(settings);
    expect(told).toEqual([settings]);
  });

  it('gives the tracker the settings as they are changed', async () => {
    const { tracker } = theTracker();
    const { service } = theService(theNotebooks(1));
    await settled();
    const settings = { ...DEFAULTS, pollSeconds: 7 };
    const told: ISettings[] = [];
    service.settingsChanged.connect((_, changed) => told.push(changed));
    service.settings = settings;
    expect(told).toEqual([settings]);
    expect(tracker.applySettings).toHaveBeenCalledTimes(1);
    const [, settingsOf] = jest.mocked(Tracker).mock.calls[0];
    expect(settingsOf()).toBe(settings);
    expect(service.settings).toBe(settings);
  });
});
