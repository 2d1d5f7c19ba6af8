import * as React from 'react';
import { barParts } from '../../panel/summary/bar';
import { Summary } from '../../panel/summary/summary';
import type { IOverview } from '../../wire/protocol';
import { button, cleanUp, doing, layOut, one, render } from '../fakes/render';
import { anOverview, aPart, aReport, aRow } from '../fakes/rows';
import { aView, noOffer } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(cleanUp);

const MIB = 1024 * 1024;

const noChoice = () => {
  throw new Error('not in this test');
};

/** An overview of 2,000 MiB, as the kernel gives it: its parts sum to them. */
function aSession(more?: Partial<IOverview>): IOverview {
  return anOverview({
    rss_bytes: 2000 * MIB,
    results: aPart(500 * MIB),
    shared: aPart(200 * MIB, { exact: false, estimate_bytes: 200 * MIB }),
    variables: aPart(800 * MIB, { exact: false, estimate_bytes: 800 * MIB }),
    shown: aPart(100 * MIB),
    tracebacks: aPart(0, { exact: false }),
    free: aPart(150 * MIB, { exact: false, estimate_bytes: 150 * MIB }),
    mapped: aPart(50 * MIB),
    rest: aPart(200 * MIB, { exact: false, estimate_bytes: 200 * MIB }),
    ...more
  });
}

async function theBar(overview: IOverview | null) {
  const { view, model } = aView();
  model.report = aReport([aRow(1, 500 * MIB)], {
    // The process was larger when the results were measured.
    rss_bytes: 2500 * MIB,
    shown: { bytes: 100 * MIB, count: 3, exact: true }
  });
  model.overview = overview;
  const host = await render(
    <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
  );
  const items = () => [...host.querySelectorAll<HTMLElement>('li[data-part]')];
  const texts = () => items().map(item => item.textContent ?? '');
  return { host, model, items, texts };
}

describe('barParts', () => {
  it('is what the kernel says, in its order, and nothing else', () => {
    const overview = aSession();
    const parts = barParts(overview);
    expect(parts.map(({ name }) => name)).toEqual([
      'results',
      'shared',
      'variables',
      'shown',
      'tracebacks',
      'free',
      'mapped',
      'rest'
    ]);
    expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(
      overview.rss_bytes
    );
  });

  it('leaves out what is seldom there and is not there', () => {
    const none = aPart(0);
    const overview = aSession({ shared: none, free: none, mapped: none });
    expect(barParts(overview).map(({ name }) => name)).toEqual([
      'results',
      'variables',
      'shown',
      'tracebacks',
      'rest'
    ]);
  });

  it('has no rest of a whole that is not known', () => {
    const overview = aSession({ rss_bytes: null });
    expect(barParts(overview).map(({ name }) => name)).not.toContain('rest');
  });
});

describe('the bar', () => {
  it('is a partition of the process by one reading', async () => {
    const { host, items, texts } = await theBar(aSession());
    const bytes = items().map(item => Number(item.dataset.bytes));
    expect(bytes.reduce((sum, part) => sum + part, 0)).toBe(2000 * MIB);
    expect(one(host, '.jp-Memguard-legend').getAttribute('role')).toBe('list');
    expect(texts().map(text => /[\d.]+%/.exec(text)?.[0])).toEqual([
      '25%',
      '10%',
      '40%',
      '5%',
      '0%',
      '8%',
      '3%',
      '10%'
    ]);
    expect(texts()[0]).toMatch(/^Kept results 500 MiB/);
    expect(texts()[1]).toMatch(
      /^Shared by results and variables about 200 MiB/
    );
    expect(texts()[2]).toMatch(/^Your variables about 800 MiB/);
    expect(texts()[4]).toContain('size unknown');
    expect(texts()[5]).toMatch(/^Free for reuse about 150 MiB/);
    expect(texts()[7]).toMatch(/^Python and libraries about 200 MiB/);
    expect(host.textContent).not.toMatch(/[\u2264\u2265]/);
    const drawn = one(host, '.jp-Memguard-barPart[data-part=variables]');
    expect(drawn.style.flexGrow).toBe('0.4');
    expect(drawn.title).toBe('Your variables: about 800 MiB');
  });

  it('shows what can be released until the kernel has told the rest', async () => {
    const { items, texts } = await theBar(null);
    // The tracebacks have nothing: they have no line.
    expect(items().map(item => item.dataset.part)).toEqual([
      'results',
      'shown'
    ]);
    expect(texts()[0]).toContain('20%');
  });

  it('has the ways to release what is kept besides results', async () => {
    const { host, model } = await theBar(aSession());
    await doing(() => button(host, 'Free output history').click());
    expect(model.released).toEqual([{ kind: 'shown' }]);
    // There are none to release.
    expect(host.querySelector('[aria-label="Free tracebacks"]')).toBeNull();
    // A button that cannot be pressed says why.
    await doing(() =>
      model.set({ activity: { kind: 'freeing', selection: { kind: 'shown' } } })
    );
    const shown = button(host, 'Free output history');
    expect(shown.getAttribute('aria-disabled')).toBe('true');
    expect(shown.title).toBe('Freeing is under way.');
    await doing(() => shown.click());
    expect(model.released).toHaveLength(1);
  });
});
