import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { tellReleases } from '../../ui/releaseNotices';
import type { Selection } from '../../tokens';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { type FakeModel } from '../fakes/model';
import { aRelease } from '../fakes/rows';
import { settled } from '../fakes/waiting';

const SELECTION: Selection = { kind: 'large' };

function theNotices(isShown = false) {
  const { watched, model } = aDocument('a', null);
  const telling = tellReleases({
    memguard: new FakeMemguard(watched),
    trans: nullTranslator.load('jupyter_memguard'),
    isShown: () => isShown
  });
  /** Change the model; the first release loads what tells of it. */
  const set = async (values: Partial<FakeModel>): Promise<void> => {
    model.set(values);
    await settled();
  };
  return { model, set, telling };
}

function told() {
  return Notification.manager.notifications.map(
    ({ message, type }) => `${type}: ${message}`
  );
}

describe('notices of releases', () => {
  afterEach(() => Notification.manager.dismiss());

  it('tell what a release did', async () => {
    const { set, telling } = theNotices();
    await set({ outcome: aRelease() });
    await set({ isStale: false });
    expect(told()).toEqual([
      'success: 1 result was freed: 762.9 MiB came back.'
    ]);
    telling.dispose();
  });

  it('tell in the same place what came back since', async () => {
    jest.useFakeTimers();
    try {
      const { model, set, telling } = theNotices();
      await set({ outcome: aRelease() });
      const { outcome } = model;
      if (outcome?.kind === 'released') {
        outcome.result = { ...outcome.result, after_rss_bytes: 100_000_000 };
      }
      await set({});
      // JupyterLab would lose it if it came before the first is on the page.
      expect(told()).toEqual([
        'success: 1 result was freed: 762.9 MiB came back.'
      ]);
      jest.advanceTimersByTime(2000);
      await settled();
      expect(told()).toEqual([
        'success: 1 result was freed: 858.3 MiB came back.'
      ]);
      telling.dispose();
    } finally {
      jest.useRealTimers();
    }
  });

  it('tell why nothing was released', async () => {
    const { set, telling } = theNotices();
    await set({
      outcome: { kind: 'failed', selection: SELECTION, code: 'dead' }
    });
    expect(told()).toEqual(['warning: The kernel died before it answered.']);
    telling.dispose();
  });

  it('tell nothing that the panel shows', async () => {
    const { model, set, telling } = theNotices(true);
    model.agent.setRunning(true);
    await set({ activity: { kind: 'queued', selection: SELECTION } });
    await set({ activity: { kind: 'idle' }, outcome: aRelease() });
    expect(told()).toEqual([]);
    telling.dispose();
  });

  it('tell nothing of the waiting for a free kernel', async () => {
    const { set, telling } = theNotices();
    await set({ activity: { kind: 'queued', selection: SELECTION } });
    expect(told()).toEqual([]);
    telling.dispose();
  });

  it('tell of a release that waits, in the same place until it is over', async () => {
    const { model, set, telling } = theNotices();
    model.agent.setRunning(true);
    await set({ activity: { kind: 'queued', selection: SELECTION } });
    await set({ isStale: true });
    expect(told()).toEqual([
      'in-progress: Freeing waits until the cell has ended.'
    ]);
    await set({ activity: { kind: 'freeing', selection: SELECTION } });
    expect(told()).toEqual(['in-progress: Memory is being freed.']);
    await set({ activity: { kind: 'idle' }, outcome: aRelease() });
    expect(told()).toEqual([
      'success: 1 result was freed: 762.9 MiB came back.'
    ]);
    const [{ options }] = Notification.manager.notifications;
    expect(options.actions).toEqual([]);
    telling.dispose();
    expect(told()).toHaveLength(1);
  });

  it('let a release that waits be taken back', async () => {
    const { model, set, telling } = theNotices();
    model.agent.setRunning(true);
    await set({ activity: { kind: 'queued', selection: SELECTION } });
    const [{ options }] = Notification.manager.notifications;
    options.actions?.[0].callback({} as MouseEvent);
    expect(model.cancelled).toBe(1);
    await set({ activity: { kind: 'idle' } });
    expect(told()).toEqual([]);
    telling.dispose();
  });

  it('tell an outcome although the waiting was put away', async () => {
    const { model, set, telling } = theNotices();
    model.agent.setRunning(true);
    await set({ activity: { kind: 'queued', selection: SELECTION } });
    Notification.manager.dismiss();
    await set({ activity: { kind: 'idle' }, outcome: aRelease() });
    expect(told()).toHaveLength(1);
    telling.dispose();
  });
});
