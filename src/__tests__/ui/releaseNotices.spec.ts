import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { tellReleases } from '../../ui/releaseNotices';
import type { Selection } from '../../tokens';
import { aRelease, FakeMemguard } from '../fakes';
import { aDocument } from '../memory/fakes';

const SELECTION: Selection = { kind: 'large' };

function theNews(isShown = false) {
  const { watched, model } = aDocument('a', null);
  const telling = tellReleases({
    memguard: new FakeMemguard(watched),
    trans: nullTranslator.load('jupyter_memguard'),
    isShown: () => isShown
  });
  return { model, telling };
}

function told() {
  return Notification.manager.notifications.map(
    ({ message, type }) => `${type}: ${message}`
  );
}

describe('news of releases', () => {
  afterEach(() => Notification.manager.dismiss());

  it('tell what a release did', () => {
    const { model, telling } = theNews();
    model.set({ outcome: aRelease() });
    model.set({ isStale: false });
    expect(told()).toEqual([
      'success: Released 1 result: 762.9 MiB came back.'
    ]);
    telling.dispose();
  });

  it('tell why nothing was released', () => {
    const { model, telling } = theNews();
    model.set({
      outcome: { kind: 'failed', selection: SELECTION, code: 'dead' }
    });
    expect(told()).toEqual(['warning: The kernel died before it answered.']);
    telling.dispose();
  });

  it('tell nothing that the panel shows', () => {
    const { model, telling } = theNews(true);
    model.agent.setRunning(true);
    model.set({ activity: { kind: 'queued', selection: SELECTION } });
    model.set({ activity: { kind: 'idle' }, outcome: aRelease() });
    expect(told()).toEqual([]);
    telling.dispose();
  });

  it('tell nothing of the waiting for a free kernel', () => {
    const { model, telling } = theNews();
    model.set({ activity: { kind: 'queued', selection: SELECTION } });
    expect(told()).toEqual([]);
    telling.dispose();
  });

  it('tell of a release that waits, in the same place until it is over', () => {
    const { model, telling } = theNews();
    model.agent.setRunning(true);
    model.set({ activity: { kind: 'queued', selection: SELECTION } });
    model.set({ isStale: true });
    expect(told()).toEqual([
      'in-progress: Queued: runs when the cell has ended'
    ]);
    model.set({ activity: { kind: 'freeing', selection: SELECTION } });
    expect(told()).toEqual(['in-progress: Freeing\u2026']);
    model.set({ activity: { kind: 'idle' }, outcome: aRelease() });
    expect(told()).toEqual([
      'success: Released 1 result: 762.9 MiB came back.'
    ]);
    const [{ options }] = Notification.manager.notifications;
    expect(options.actions).toEqual([]);
    telling.dispose();
    expect(told()).toHaveLength(1);
  });

  it('let a release that waits be taken back', () => {
    const { model, telling } = theNews();
    model.agent.setRunning(true);
    model.set({ activity: { kind: 'queued', selection: SELECTION } });
    const [{ options }] = Notification.manager.notifications;
    options.actions?.[0].callback({} as MouseEvent);
    expect(model.cancelled).toBe(1);
    model.set({ activity: { kind: 'idle' } });
    expect(told()).toEqual([]);
    telling.dispose();
  });

  it('tell an outcome although the waiting was put away', () => {
    const { model, telling } = theNews();
    model.agent.setRunning(true);
    model.set({ activity: { kind: 'queued', selection: SELECTION } });
    Notification.manager.dismiss();
    model.set({ activity: { kind: 'idle' }, outcome: aRelease() });
    expect(told()).toHaveLength(1);
    telling.dispose();
  });
});
