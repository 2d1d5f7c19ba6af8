import fc from 'fast-check';
import { measure } from '../../memory/chart/stretches';
import { SampleStore } from '../../memory/chart/sampleStore';
import type { ISample } from '../../wire/rest';

function sample(
  time: number,
  rss: number,
  mark: number | null = null
): ISample {
  return { time, rssBytes: rss, highWaterBytes: mark };
}

function run(start: number, end: number) {
  return { start, end };
}

describe('measure', () => {
  it('takes the last sample before a run and the first after it', () => {
    const samples = [
      sample(1, 100),
      sample(2, 110),
      sample(4, 500),
      sample(6, 300),
      sample(7, 200)
    ];
    expect(measure([run(3, 5)], samples, 0, Infinity)).toEqual([
      { runs: [run(3, 5)], change: { delta: 190, peak: 390 }, until: 6 }
    ]);
  });

  it('takes the high-water mark for the peak where that rose', () => {
    const samples = [sample(1, 100, 120), sample(3, 100, 900)];
    const [{ change }] = measure([run(1.5, 2)], samples, 0, Infinity);
    expect(change).toEqual({ delta: 0, peak: 800 });
  });

  it('does not take an old high-water mark for a peak', () => {
    const samples = [sample(1, 100, 900), sample(3, 130, 900)];
    const [{ change }] = measure([run(1.5, 2)], samples, 0, Infinity);
    expect(change).toEqual({ delta: 30, peak: 30 });
  });

  it('prefers a sample with a mark, if nothing ran before it', () => {
    const samples = [
      sample(1, 100, 120),
      sample(2, 100),
      sample(2.5, 100, 700)
    ];
    expect(measure([run(1.5, 1.9)], samples, 0, Infinity)[0].change.peak).toBe(
      600
    );
    expect(measure([run(1.5, 1.9)], samples, 0, 2.1)[0].change.peak).toBe(0);
  });

  it('does not give a run what happened before it', () => {
    // Something is freed between two runs.
    const samples = [
      sample(1, 100),
      sample(3, 900),
      sample(4, 100),
      sample(6, 150)
    ];
    const changes = measure([run(1, 2), run(5, 6)], samples, 0, Infinity);
    expect(changes.map(({ change }) => change.delta)).toEqual([800, 50]);
  });

  it('parts runs in a row by the first sample in the second', () => {
    const samples = [sample(0, 0), sample(5.1, 500), sample(9, 700)];
    const changes = measure([run(1, 5), run(5, 8)], samples, 0, Infinity);
    expect(changes.map(({ change }) => change.delta)).toEqual([500, 200]);
  });

  it('does not part runs by a sample before the first one’s end', () => {
    // At 4.9 the first run had not yet let go of what it had taken.
    const runs = [run(1, 5), run(5, 5.01), run(5.01, 8)];
    const samples = [
      sample(0, 0),
      sample(4.9, 400),
      sample(5.1, 0),
      sample(9, 7)
    ];
    const stretches = measure(runs, samples, 0, Infinity);
    expect(stretches.map(({ runs, change }) => [runs.length, change])).toEqual([
      [2, { delta: 0, peak: 400 }],
      [1, { delta: 7, peak: 7 }]
    ]);
  });

  it('measures runs together that no sample parts', () => {
    const runs = [run(1, 1.1), run(1.1, 1.2), run(1.2, 3)];
    const samples = [sample(0, 0), sample(3, 300)];
    expect(measure(runs, samples, 0, Infinity)).toEqual([
      { runs, change: { delta: 300, peak: 300 }, until: 3 }
    ]);
  });

  it('tells nothing without a sample before or after', () => {
    expect(measure([run(1, 2)], [sample(3, 1)], 0, Infinity)).toEqual([]);
    expect(measure([run(1, 2)], [sample(0, 1)], 0, Infinity)).toEqual([]);
    expect(measure([run(1, 2)], [sample(0, 1), sample(3, 1)], 2.5, 9)).toEqual(
      []
    );
  });

  it('gives changes in a row that add up, whatever the samples', () => {
    const amount = fc.integer({ min: 0, max: 1000 });
    fc.assert(
      fc.property(
        fc.array(amount, { minLength: 1, maxLength: 8 }),
        // What differs at one instant, between two runs, is of neither.
        fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 99 }), amount), {
          selector: ([at]) => at
        }),
        (lengths, inner) => {
          const runs: { start: number; end: number }[] = [];
          let time = 1;
          for (const length of lengths) {
            runs.push(run(time, time + length + 1));
            time += length + 1;
          }
          const middle = inner
            .map(([at, rss]) => sample(1 + ((time - 1) * at) / 100, rss))
            .sort((one, other) => one.time - other.time);
          const samples = [sample(0, 50), ...middle, sample(time + 1, 70)];
          const stretches = measure(runs, samples, 0, Infinity);
          expect(stretches.flatMap(stretch => stretch.runs)).toEqual(runs);
          const sum = stretches.reduce(
            (all, { change }) => all + change.delta,
            0
          );
          expect(sum).toBe(20);
          stretches.forEach(({ change }) =>
            expect(change.peak).toBeGreaterThanOrEqual(
              Math.max(0, change.delta)
            )
          );
        }
      )
    );
  });
});

describe('SampleStore', () => {
  it('keeps the last sample before the time that is asked for', () => {
    const store = new SampleStore();
    store.addTaken([1, 2, 3, 4].map(time => sample(time, time)));
    store.keepFrom(2.5);
    expect(store.samples.map(({ time }) => time)).toEqual([2, 3, 4]);
    store.keepFrom(Infinity);
    expect(store.samples.map(({ time }) => time)).toEqual([4]);
    expect(store.newest).toBe(4);
  });

  it('thins out many samples, but keeps the ends and the greatest', () => {
    const store = new SampleStore();
    const many = Array.from({ length: 4001 }, (_, time) =>
      sample(time, time === 1234 ? 1e9 : time)
    );
    store.add(many);
    const { samples } = store;
    expect(samples.length).toBeLessThan(2100);
    expect(samples[0].time).toBe(0);
    expect(samples[samples.length - 1].time).toBe(4000);
    expect(samples.map(({ rssBytes }) => rssBytes)).toContain(1e9);
  });

  it('puts samples from two sides in order', () => {
    const store = new SampleStore();
    store.add([sample(5, 0)]);
    store.addTaken([sample(3, 0), sample(6, 0)]);
    expect(store.samples.map(({ time }) => time)).toEqual([3, 5, 6]);
  });
});
