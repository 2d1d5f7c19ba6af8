import { nullTranslator } from '@jupyterlab/translation';
import { failureText, releaseText } from '../../ui/releaseWords';
import type { IReleased } from '../../wire/protocol';
import type { Left } from '../../tokens';
import { aRelease } from '../fakes/rows';

const trans = nullTranslator.load('jupyter_memguard');

const MIB = 1024 * 1024;

describe('releaseText', () => {
  it.each<[string, Partial<IReleased>, string]>([
    [
      'the trim alone',
      { released: 0, trimmed_bytes: 100 * MIB },
      '100 MiB that nothing used came back.'
    ],
    [
      'a fall that the trim does not explain',
      { released: 0, after_rss_bytes: 300 * MIB },
      '200 MiB that nothing used came back.'
    ],
    [
      'nothing, and a fall by chance',
      { released: 0, after_rss_bytes: 499.5 * MIB },
      'There was nothing large to free. Free everything takes small results, too.'
    ],
    [
      'both',
      { released: 2, after_rss_bytes: 250 * MIB, trimmed_bytes: 100 * MIB },
      '2 results were freed: 250 MiB came back, of which nothing used 100 MiB.'
    ],
    [
      'a result and hardly anything else',
      { released: 1, after_rss_bytes: 250 * MIB, trimmed_bytes: 2 * MIB },
      '1 result was freed: 250 MiB came back.'
    ],
    [
      'results between others that live',
      { released: 2, after_rss_bytes: 420 * MIB, let_go_bytes: 100 * MIB },
      '2 results were freed: 80 MiB came back. Another 20 MiB stays free in the kernel, for what you make next.'
    ],
    [
      'small results between others that live',
      { released: 2, let_go_bytes: 20 * MIB },
      '2 results were freed; the process did not become smaller. Another 20 MiB stays free in the kernel, for what you make next.'
    ],
    [
      'hardly anything that stays',
      { released: 2, after_rss_bytes: 300 * MIB, let_go_bytes: 202 * MIB },
      '2 results were freed: 200 MiB came back.'
    ],
    [
      'a kernel that does not know what stays',
      { released: 2, after_rss_bytes: 300 * MIB, let_go_bytes: null },
      '2 results were freed: 200 MiB came back.'
    ],
    [
      'a trim after which the process grew again',
      { released: 2, after_rss_bytes: 490 * MIB, trimmed_bytes: 100 * MIB },
      '2 results were freed: 10 MiB came back, of which nothing used 10 MiB.'
    ]
  ])('says what came back of %s', (_, result, text) => {
    const outcome = aRelease({
      before_rss_bytes: 500 * MIB,
      after_rss_bytes: 500 * MIB,
      ...result
    });
    expect(outcome.kind === 'released' && releaseText(outcome, trans)).toBe(
      text
    );
  });
});

describe('releaseText of a selection', () => {
  it.each([
    [1, '1 result was freed: 100 MiB came back. 1 other was gone already.'],
    [3, '1 result was freed: 100 MiB came back. 3 others were gone already.']
  ])('says that %d were gone', (gone, text) => {
    const outcome = aRelease({
      before_rss_bytes: 500 * MIB,
      after_rss_bytes: 400 * MIB
    });
    expect(
      outcome.kind === 'released' && releaseText({ ...outcome, gone }, trans)
    ).toBe(text);
  });
});

describe('releaseText of a release that had nothing to free', () => {
  const SMALL =
    'There was nothing large to free. Free everything takes small results, too.';
  const UNKNOWN =
    'There was nothing to free that is known to be large. Free everything takes small results and those of unknown size, too.';
  const NOTHING = 'There was nothing to free.';

  it.each<[Left | undefined, string]>([
    ['small', SMALL],
    ['unknown', UNKNOWN],
    ['nothing', NOTHING],
    [undefined, SMALL]
  ])('tells what was left then: %s', (left, text) => {
    const outcome = aRelease({ released: 0, after_rss_bytes: 1_000_000_000 });
    expect(
      outcome.kind === 'released' && releaseText({ ...outcome, left }, trans)
    ).toBe(text);
  });
});

describe('failureText', () => {
  it.each(['no_engine', 'ChunkLoadError'])(
    'does not blame the kernel for what did not load (%s)',
    code => {
      expect(failureText(code, trans)).toBe(
        'A part of this extension could not be loaded. Try again.'
      );
    }
  );

  it('says what helps against another version in the kernel', () => {
    expect(failureText('wrong_engine', trans)).toBe(
      'The kernel has another version of this extension. Reload the page, then restart the kernel.'
    );
  });

  it('names what it has no words for', () => {
    expect(failureText('internal', trans)).toBe(
      'The kernel could not do it (internal).'
    );
  });
});
