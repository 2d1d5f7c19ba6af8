import { nullTranslator } from '@jupyterlab/translation';
import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import type { CellFate } from '../../ui/cellLink';
import { ChartSection } from '../../memory/chart/chartSection';
import type { IMeasured, RunRecorder } from '../../memory/chart/runs';
import { FakeKernel } from '../fakes/kernel';
import { FakeMemguard, aDocument } from '../fakes/memguard';
import { redrawn } from '../fakes/render';
import { aPromise } from '../fakes/waiting';

const trans = nullTranslator.load('jupyter_memguard');
const MIB = 1024 ** 2;

function aBar(count: number, delta: number, more?: Partial<IMeasured>) {
  const id = `run-${count}-${more?.life ?? 0}`;
  return {
    runs: [{ id, count, cellId: `cell-${count}`, start: 0, end: 1 }],
    change: { delta: delta * MIB, peak: Math.max(delta, 0) * MIB },
    until: 1,
    life: 0,
    ...more
  };
}

describe('the chart by cell', () => {
  const { watched, model } = aDocument('a.ipynb', new FakeKernel({ id: 'k' }));
  const recorder = {
    measured: [] as IMeasured[],
    unmeasured: false,
    changed: new Signal<object, void>({}),
    observers: 0,
    observe() {
      this.observers += 1;
      return new DisposableDelegate(() => {
        this.observers -= 1;
      });
    }
  };
  const goTo: jest.Mock<Promise<CellFate>> = jest.fn(async () => 'same');
  let section: ChartSection;

  async function show(bars: IMeasured[]): Promise<SVGGElement[]> {
    recorder.measured = bars;
    section = new ChartSection(new FakeMemguard(watched), {
      recorderOf: () => recorder as unknown as RunRecorder,
      goTo,
      trans
    });
    await redrawn(() => Widget.attach(section, document.body));
    return [...section.node.querySelectorAll<SVGGElement>('[role=button]')];
  }

  afterEach(async () => {
    goTo.mockClear();
    await redrawn(() => section.dispose());
  });

  it('has a bar for each run, named with its figures', async () => {
    const bars = await show([
      aBar(1, 10),
      aBar(2, 800, { change: { delta: 800 * MIB, peak: 900 * MIB } }),
      aBar(3, -400)
    ]);
    expect(bars.map(bar => bar.getAttribute('aria-label'))).toEqual([
      'In [1]: +10 MiB, peak +10 MiB',
      'In [2]: +800 MiB, peak +900 MiB',
      'In [3]: −400 MiB, peak +0 B'
    ]);
    expect(bars[1].dataset.delta).toBe(String(800 * MIB));
  });

  it('names runs that were measured together as such', async () => {
    const [one, two] = [aBar(4, 0), aBar(5, 0)];
    const runs = [...one.runs, ...two.runs];
    const [bar] = await show([{ ...aBar(5, 30), runs }]);
    expect(bar.getAttribute('aria-label')).toBe(
      'In [4] to In [5] together: +30 MiB, peak +30 MiB'
    );
  });

  it('writes the cells’ numbers over the tall bars only', async () => {
    const bars = await show([aBar(1, 5), aBar(2, 800), aBar(3, 20)]);
    const written = bars.map(bar => bar.querySelector('text')?.textContent);
    expect(written).toEqual([undefined, '[2]', undefined]);
  });

  it('goes to the cell, and says what became of it', async () => {
    const bars = await show([aBar(1, 100), aBar(2, 200)]);
    goTo.mockResolvedValueOnce('deleted');
    await redrawn(() =>
      bars[0].dispatchEvent(new MouseEvent('click', { bubbles: true }))
    );
    expect(goTo.mock.calls[0][1]).toMatchObject({ cellId: 'cell-1' });
    expect(section.node.querySelector('[role=status]')?.textContent).toBe(
      'In [1]: +100 MiB, peak +100 MiB. The cell was deleted.'
    );
  });

  it('says nothing of a cell when another has been chosen since', async () => {
    const bars = await show([aBar(1, 100), aBar(2, 200)]);
    const { promise, resolve } = aPromise<CellFate>();
    goTo.mockReturnValueOnce(promise);
    const click = (bar: SVGGElement) =>
      bar.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    await redrawn(() => click(bars[0]));
    await redrawn(() => click(bars[1]));
    await redrawn(() => resolve('deleted'));
    expect(
      section.node.querySelector('[role=status]')?.textContent?.trim()
    ).toBe('In [2]: +200 MiB, peak +200 MiB');
  });

  it('is one stop for the keyboard, with arrows inside', async () => {
    const bars = await show([aBar(1, 1), aBar(2, 2)]);
    expect(bars.map(bar => bar.getAttribute('tabindex'))).toEqual(['-1', '0']);
    await redrawn(() => {
      bars[1].focus();
      bars[1].dispatchEvent(
        new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true })
      );
    });
    expect(document.activeElement).toBe(bars[0]);
    await redrawn(() =>
      bars[0].dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', bubbles: true })
      )
    );
    expect(goTo.mock.calls[0][1]).toMatchObject({ cellId: 'cell-1' });
  });

  it('says what a cell made grow, once that is known', async () => {
    await show([aBar(1, 1), aBar(2, 1200)]);
    const status = () =>
      section.node.querySelector('[role=status]')?.textContent;
    expect(status()).toBe('In [2]: +1.2 GiB, peak +1.2 GiB');
    const growth = {
      since: 1,
      bytes: 1200 * MIB,
      parts: [
        { kind: 'variable', name: 'df2', bytes: 800 * MIB },
        { kind: 'hoard', name: 'figures', bytes: 300 * MIB },
        { kind: 'hoard', name: 'newer', bytes: 90 * MIB },
        { kind: 'part', name: 'results', bytes: -50 * MIB }
      ]
    } as const;
    const saying = async (more: object) => {
      model.growth.set('run-2-0', { ...growth, ...more });
      await redrawn(() => model.changed.emit());
      return status();
    };
    expect(await saying({})).toContain(
      'Since In [1]: +1.2 GiB, of it `df2` +800 MiB, Open figures +300 MiB, ' +
        'newer +90 MiB, Kept results −50 MiB'
    );
    const bars = section.node.querySelectorAll('[role=button]');
    expect(bars[1].getAttribute('aria-label')).toContain('`df2` +800 MiB');
    expect(bars[0].getAttribute('aria-label')).not.toContain('Since');
    expect(await saying({ since: 0 })).toContain('Since the start: +1.2 GiB,');
    expect(await saying({ bytes: null })).toContain('Since In [1]: `df2`');
    expect(await saying({ bytes: null, since: 0 })).toContain(
      'Since the start: `df2`'
    );
    const unnamed = { kind: 'variable', name: '', bytes: 305 * MIB };
    expect(await saying({ parts: [unnamed] })).toContain(
      'of it the value of the last cell +305 MiB'
    );
    expect(await saying({ parts: [] })).not.toContain('Since');
    model.growth.clear();
  });

  it('marks where the kernel was restarted', async () => {
    const bars = await show([aBar(9, 1), aBar(1, 1, { life: 1 })]);
    const marks = bars.map(bar => bar.querySelectorAll('line').length);
    expect(marks).toEqual([0, 1]);
  });

  it('says so where a run cannot be measured', async () => {
    recorder.unmeasured = true;
    await show([]);
    recorder.unmeasured = false;
    expect(section.node.textContent).toContain('cannot sample this kernel');
  });

  it('has samples taken only while it can be seen', async () => {
    await show([]);
    expect(section.node.textContent).toContain('Run a cell');
    expect(recorder.observers).toBe(1);
    await redrawn(() => section.hide());
    expect(recorder.observers).toBe(0);
    await redrawn(() => section.show());
    expect(recorder.observers).toBe(1);
    await redrawn(() => section.dispose());
    expect(recorder.observers).toBe(0);
  });
});
