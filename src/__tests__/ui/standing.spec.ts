import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { MOST_SHOWN, isSameProcess, stand } from '../../ui/standing';
import { offerText, offerToFree } from '../../ui/offerToFree';
import type { GuardMode, IReport } from '../../wire/protocol';
import { FakeKernel } from '../fakes/kernel';
import { aDocument } from '../fakes/memguard';
import { GUARD, aPart, aRelease, aReport, aRow } from '../fakes/rows';

const trans = nullTranslator.load('jupyter_memguard');
const MIB = 1024 * 1024;

function messages(): string[] {
  return Notification.manager.notifications.map(each => each.message);
}

afterEach(() => Notification.manager.dismiss());

describe('the notification of a document', () => {
  it('takes the place of the one before', () => {
    const { watched } = aDocument('a', null);
    const other = aDocument('b', null);
    for (const [document, text] of [
      [watched, 'one'],
      [other.watched, 'of another'],
      [watched, 'two']
    ] as const) {
      stand(document, Notification.info(text), () => true);
    }
    expect(messages().sort()).toEqual(['of another', 'two']);
  });

  it('goes when it is no longer true', () => {
    const { watched, model } = aDocument('a', null);
    model.agent.setState({ kind: 'ready' });
    const say = (text: string) =>
      stand(watched, Notification.info(text), () => isSameProcess(watched));
    say('one');
    model.set({});
    expect(messages()).toEqual(['one']);
    model.agent.setState({ kind: 'restarting' });
    expect(messages()).toEqual([]);
    model.agent.setState({ kind: 'ready' });
    say('two');
    watched.widget.dispose();
    expect(messages()).toEqual([]);
  });
});

describe('the offer to free what is retained already', () => {
  function theDocument(report: IReport) {
    const opened = aDocument('a', new FakeKernel({ id: 'k' }));
    const { model } = opened;
    model.readTotals = () => Promise.resolve(report);
    model.agent.guard = { ...GUARD, mode: 'large' };
    return opened;
  }

  it('says nothing where nothing would come back', async () => {
    const { watched } = theDocument(aReport([aRow(1, 0)]));
    await offerToFree(watched, MIB, trans);
    expect(messages()).toEqual([]);
  });

  it('has the figure of the headline, and goes after freeing', async () => {
    const { watched, model } = theDocument(aReport([aRow(1, 5 * MIB)]));
    model.better = aPart(7 * MIB);
    await offerToFree(watched, MIB, trans);
    expect(messages()[0]).toContain('1 earlier result keeps 7 MiB;');
    model.set({ outcome: aRelease() });
    expect(messages()).toEqual([]);
    await offerToFree(watched, MIB, trans);
    expect(messages()).toHaveLength(1);
    model.agent.guard = GUARD;
    model.agent.guardChanged.emit(GUARD);
    expect(messages()).toEqual([]);
  });

  it('goes when the guard let go of some since', async () => {
    const { watched, model } = theDocument(aReport([aRow(1, 5 * MIB)]));
    await offerToFree(watched, MIB, trans);
    const guard = { ...model.agent.guard!, withheld: 1 };
    model.agent.guard = guard;
    model.agent.guardChanged.emit(guard);
    expect(messages()).toEqual([]);
  });

  it('stays where what a release came to before is forgotten', async () => {
    const { watched, model } = theDocument(aReport([aRow(1, 5 * MIB)]));
    model.set({ outcome: aRelease() });
    await offerToFree(watched, MIB, trans);
    model.set({ outcome: null });
    expect(messages()).toHaveLength(1);
    model.set({ outcome: aRelease() });
    expect(messages()).toEqual([]);
  });

  it.each<[GuardMode, number]>([
    ['large', 3],
    ['last', 0],
    ['last', 1],
    ['last', 1000],
    ['all', 3]
  ])('is a whole sentence that fits: %s, %d', (mode, keep) => {
    const settings = {
      ...GUARD.settings,
      keep_last: keep,
      total_bytes: 1000.4 * MIB
    };
    const text = offerText(
      { count: 12_345, guard_state: { ...GUARD, mode, settings } },
      { bytes: 1000.4 * MIB, exact: false, estimate_bytes: null },
      trans
    );
    expect(text.length).toBeLessThanOrEqual(MOST_SHOWN);
    expect(text).toMatch(/\.$/);
  });
});
