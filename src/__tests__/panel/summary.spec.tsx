import * as React from 'react';
import { Summary } from '../../panel/summary/summary';
import type { IReleased } from '../../wire/protocol';
import type { Selection } from '../../tokens';
import { button, cleanUp, doing, layOut, one, render } from '../fakes/render';
import {
  anOverview,
  aPart,
  aRelease,
  aReport,
  aRow,
  aVariable
} from '../fakes/rows';
import { aView, noOffer } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(cleanUp);

const MIB = 1024 * 1024;

const noChoice = () => {
  throw new Error('not in this test');
};

describe('Summary', () => {
  it('gives one answer', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, 800_000_000)], {
      rss_bytes: 1024 * MIB
    });
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    const total = one(host, '.jp-Memguard-total');
    expect(total.dataset.bytes).toBe('800000000');
    expect(total.textContent).toBe('762.9 MiB');
    expect(host.textContent).toContain('1 GiB is results you are not using');
  });

  it('is calm when there is nothing to free', async () => {
    const { view, model } = aView();
    model.report = aReport([], { rss_bytes: 834 * MIB });
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    const total = one(host, '.jp-Memguard-total');
    expect(total.dataset.bytes).toBe('0');
    expect(total.textContent).toBe('Nothing to free');
    expect(host.textContent).toContain('This kernel has 834 MiB.');
    const guess = { exact: false, estimate_bytes: 80 * MIB };
    await doing(() =>
      model.set({
        report: aReport([aRow(1, 0, guess)], {
          estimate_bytes_all: 80 * MIB
        })
      })
    );
    expect(total.textContent).toBe('about 80 MiB');
  });

  it('is not calm while most of what results have is in doubt', async () => {
    const { view, model } = aView();
    const guess = { exact: false, estimate_bytes: 90_000, notes: ['cut'] };
    model.report = aReport([aRow(5, 0, guess)], {
      rss_bytes: 834 * MIB,
      seen_bytes_all: 43 * MIB
    });
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    const answer = one(host, '.jp-Memguard-answer');
    expect(answer.textContent).toBe(
      'maybe 43 MiBof this kernel\u2019s 834 MiB is results you are not using'
    );
    expect(answer.dataset.calm).toBe('false');
    const button = one(host, '.jp-Memguard-free');
    expect(button.classList.contains('jp-mod-accept')).toBe(true);
  });

  it('makes no headline of small results, and no call of their button', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, 64)], { rss_bytes: 834 * MIB });
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    const answer = one(host, '.jp-Memguard-answer');
    expect(answer.textContent).toBe(
      'Nothing to freeThis kernel has 834 MiB. Small results have 64 B together.'
    );
    expect(answer.dataset.calm).toBe('true');
    expect(one(host, '.jp-Memguard-total').dataset.bytes).toBe('64');
    const isPrimary = () =>
      one(host, '.jp-Memguard-free').classList.contains('jp-mod-accept');
    expect(isPrimary()).toBe(false);
    await doing(() => model.set({ report: aReport([aRow(5, 3 * MIB)]) }));
    expect(answer.dataset.calm).toBe('false');
    expect(isPrimary()).toBe(true);
  });

  it('mentions tracebacks that keep much', async () => {
    const { view, model } = aView();
    const tracebacks = { bytes: 0, count: 1, exact: false };
    model.report = aReport([], { rss_bytes: 834 * MIB, tracebacks });
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    const answer = one(host, '.jp-Memguard-answer');
    expect(answer.textContent).toBe('Nothing to freeThis kernel has 834 MiB.');
    const overview = (bytes: number) =>
      anOverview({ tracebacks: aPart(bytes, { exact: false }) });
    await doing(() => model.set({ overview: overview(38.1 * MIB) }));
    expect(answer.textContent).toBe(
      'about 38.1 MiBof this kernel\u2019s 834 MiB is kept by tracebacks'
    );
    expect(answer.dataset.calm).toBe('false');
    const button = one(host, '.jp-Memguard-free');
    expect(button.textContent).toBe('Free tracebacks');
    expect(button.classList.contains('jp-mod-accept')).toBe(true);
    await doing(() => button.click());
    expect(model.released).toEqual([{ kind: 'tracebacks' }]);
    // Results that are large as well are what is told first.
    await doing(() =>
      model.set({
        report: aReport([aRow(5, 80 * MIB)], {
          rss_bytes: 834 * MIB,
          tracebacks
        })
      })
    );
    expect(answer.textContent).toBe(
      '80 MiBof this kernel\u2019s 834 MiB is results you are not using' +
        'Tracebacks keep about 38.1 MiB.'
    );
    expect(button.textContent).toBe('Free memory');
    await doing(() =>
      model.set({
        report: aReport([aRow(5, 64)], { rss_bytes: 834 * MIB, tracebacks })
      })
    );
    expect(answer.textContent).toBe(
      'about 38.1 MiBof this kernel\u2019s 834 MiB is kept by tracebacks' +
        'Small results have 64 B together.'
    );
    await doing(() =>
      model.set({ report: aReport([], { rss_bytes: 834 * MIB, tracebacks }) })
    );
    // Less than a result that would be large.
    await doing(() => model.set({ overview: overview(MIB / 2) }));
    expect(answer.textContent).toBe('Nothing to freeThis kernel has 834 MiB.');
  });

  it('marks a total that is a bound', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, MIB, { exact: false })]);
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    const total = one(host, '.jp-Memguard-total');
    expect(total.textContent).toBe('at least 1 MiB');
    expect(total.title).toContain('At least this');
  });

  it('frees memory at a press, and not again while it does', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, MIB)]);
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    await doing(() => button(host, 'Free memory').click());
    expect(model.released).toEqual([{ kind: 'large' }]);
    await doing(() =>
      model.set({ activity: { kind: 'freeing', selection: { kind: 'large' } } })
    );
    await doing(() => button(host, 'Free memory').click());
    expect(model.released).toHaveLength(1);
    expect(one(host, '[role=progressbar]').getAttribute('aria-label')).toBe(
      'Freeing\u2026'
    );
  });

  it('gives free memory back where no large result is left', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, 2000)]);
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    await doing(() => button(host, 'Give free memory back').click());
    expect(model.released).toEqual([{ kind: 'large' }]);
    // What it has is not known: it may be large.
    const unknown = { exact: false, freed_bytes: 80 };
    await doing(() => model.set({ report: aReport([aRow(5, 80, unknown)]) }));
    expect(button(host, 'Free memory').textContent).toBe('Free memory');
    await doing(() => model.set({ report: aReport([aRow(5, 3 * MIB)]) }));
    await doing(() => button(host, 'Free memory').click());
    expect(model.released).toHaveLength(2);
  });

  it('lets a queued release be taken back', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, MIB)]);
    model.activity = { kind: 'queued', selection: { kind: 'large' } };
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    await doing(() => button(host, 'Take back').click());
    expect(model.cancelled).toBe(1);
  });

  it('accounts for a release, and for what stays', async () => {
    const { view, model } = aView();
    model.report = aReport([]);
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    // It is there before what comes into it, or else it would not be heard.
    const [, region] = host.querySelectorAll<HTMLElement>('[role=status]');
    expect(region.hidden).toBe(false);
    expect(region.textContent).toBe('');
    await doing(() =>
      model.set({
        outcome: aRelease({
          still_alive: [
            {
              key: 'k1',
              type: 'DataFrame',
              freed_bytes: MIB,
              held_by: ['df', '<frame main>', '<unknown>']
            }
          ]
        })
      })
    );
    const account = one(host, '.jp-Memguard-account');
    expect(account.contains(region)).toBe(true);
    expect(account.dataset.beforeBytes).toBe('1000000000');
    expect(account.dataset.afterBytes).toBe('200000000');
    expect(account.dataset.released).toBe('1');
    expect(region.textContent).toContain(
      '1 result was freed: 762.9 MiB came back.' +
        'The kernel had 953.7 MiB before and 190.7 MiB after.'
    );
    expect(one(account, '[role=list]').textContent).toContain(
      'DataFrame (1 MiB): held by `df`, the running function `main`, ' +
        'something that could not be found'
    );
    await doing(() => button(host, 'Dismiss').click());
    expect(region.textContent).toBe('');
    expect(region.isConnected).toBe(true);
  });

  it('has a screen reader read an account again only if it is another', async () => {
    const { view, model } = aView();
    model.report = aReport([]);
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    const outcome = aRelease();
    await doing(() => model.set({ outcome }));
    const regions = [...host.querySelectorAll('[role=status]')];
    const read: (string | null)[] = [];
    const observer = new MutationObserver(records =>
      records.forEach(({ target }) => read.push(target.textContent))
    );
    regions.forEach(region =>
      observer.observe(region, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true
      })
    );
    /** The kernel tells what it has some time later. */
    const settle = async (after_rss_bytes: number) => {
      await doing(() => {
        if (outcome.kind === 'released') {
          outcome.result = { ...outcome.result, after_rss_bytes };
        }
        model.set({ outcome, activity: { kind: 'reading' } });
        model.set({ activity: { kind: 'idle' } });
      });
      return read;
    };
    expect(await settle(200_000_010)).toEqual([]);
    expect(one(host, '.jp-Memguard-account').dataset.afterBytes).toBe(
      '200000010'
    );
    expect(await settle(100_000_000)).toEqual([
      '1 result was freed: 858.3 MiB came back.',
      'The kernel had 953.7 MiB before and 95.4 MiB after.'
    ]);
  });

  it('tells what goes on in a place that was there before', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(5, MIB)]);
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    const regions = [...host.querySelectorAll('[role=status]')];
    expect(regions.map(({ textContent }) => textContent)).toEqual(['', '']);
    await doing(() => model.set({ activity: { kind: 'freeing' } as never }));
    expect(regions[0].isConnected).toBe(true);
    expect(regions[0].textContent).toBe('Freeing\u2026');
  });

  it.each<[Selection['kind'], number, string]>([
    ['large', 2, '2 results were freed: 762.9 MiB came back.'],
    [
      'shown',
      1,
      'The output history of 1 cell was freed: 762.9 MiB came back.'
    ],
    [
      'shown',
      3,
      'The output history of 3 cells was freed: 762.9 MiB came back.'
    ],
    ['tracebacks', 1, '1 traceback was freed: 762.9 MiB came back.'],
    ['tracebacks', 3, '3 tracebacks were freed: 762.9 MiB came back.']
  ])('says of %s (%i) "%s"', async (kind, released, text) => {
    const { view, model } = aView();
    model.outcome = aRelease({ released }, { kind } as Selection);
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    expect(one(host, '.jp-Memguard-accountHead').textContent).toBe(text);
  });

  it.each<[Partial<IReleased>, string]>([
    [
      { released: 0, after_rss_bytes: 1_000_000_000 },
      'There was nothing large to free. Free everything takes small results, too.'
    ],
    [{ before_rss_bytes: null }, '1 result was freed.'],
    [
      { after_rss_bytes: 1_000_000_000 },
      '1 result was freed; the process did not become smaller.'
    ]
  ])('says of %j "%s"', async (result, text) => {
    const { view, model } = aView();
    model.outcome = aRelease(result);
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    expect(one(host, '.jp-Memguard-accountHead').textContent).toBe(text);
  });

  it('says why nothing was released', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(1, 5)]);
    model.outcome = { kind: 'failed', selection: null, code: 'restarted' };
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    expect(one(host, '.jp-Memguard-account').textContent).toContain(
      'The kernel was restarted'
    );
  });

  it('says of when the figures are while a cell runs', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(1, 5)], { execution_count: 7 });
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    await doing(() => model.agent.setRunning(true));
    expect(one(host, '.jp-Memguard-asOf').dataset.execution).toBe('6');
    await doing(() => model.agent.setRunning(false));
    expect(host.querySelector('.jp-Memguard-asOf')).toBeNull();
  });

  it('names the variable that is most of the kernel', async () => {
    const { view, model } = aView();
    model.report = aReport([aRow(1, 5)]);
    model.overview = anOverview({
      rss_bytes: 14 * 1024 * MIB,
      largest: [aVariable('df', 12 * 1024 * MIB)]
    });
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    expect(host.textContent).toContain('your variable `df` is 12 GiB');
  });

  it('says so if the value of the last cell is most of the kernel', async () => {
    const { view, model } = aView();
    model.report = aReport([]);
    model.overview = anOverview({
      rss_bytes: 14 * 1024 * MIB,
      largest: [aVariable('', 12 * 1024 * MIB)]
    });
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    expect(host.textContent).toContain(
      'Most of it is the value of the last cell, 12 GiB'
    );
    expect(host.textContent).not.toContain('your variable');
  });
});
