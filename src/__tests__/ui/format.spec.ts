import { nullTranslator } from '@jupyterlab/translation';
import fc from 'fast-check';
import { sizeOf } from '../../model/figures';
import type { IFigure } from '../../tokens';
import {
  figureText,
  formatAge,
  formatBytes,
  formatShare,
  setLanguage
} from '../../ui/format';

beforeEach(() => setLanguage('en'));

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [-5, '0 B'],
    [1023, '1,023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [800_000_000, '762.9 MiB'],
    [80 * 1024 ** 2, '80 MiB'],
    [16 * 1024 ** 3, '16 GiB'],
    [5 * 1024 ** 5, '5,120 TiB']
  ])('reads %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('goes to the next unit rather than print 1,000', () => {
    expect(formatBytes(999.9 * 1024)).toBe('999.9 KiB');
    expect(formatBytes(1022.5 * 1024)).toBe('1 MiB');
    expect(formatBytes(1024 ** 2 - 1)).toBe('1 MiB');
    expect(formatBytes(1024 ** 3 - 1)).toBe('1 GiB');
  });

  it.each([
    ['de', '1,5 KiB'],
    ['de_DE', '1,5 KiB'],
    ['en', '1.5 KiB']
  ])('follows the language %s of the application', (language, text) => {
    setLanguage(language);
    expect(formatBytes(1536)).toBe(text);
  });

  it('is readable in a language that the browser does not know', () => {
    setLanguage('not a language');
    expect(formatBytes(1536)).toMatch(/^1.5 KiB$/);
  });

  it('is right to within what it prints, for any size', () => {
    const units: Record<string, number> = {
      B: 1,
      KiB: 1024,
      MiB: 1024 ** 2,
      GiB: 1024 ** 3,
      TiB: 1024 ** 4
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), bytes => {
        const [digits, unit] = formatBytes(bytes).split(' ');
        const back = Number(digits.replace(/,/g, '')) * units[unit];
        expect(Math.abs(back - bytes)).toBeLessThanOrEqual(units[unit] * 0.051);
      })
    );
  });
});

describe('formatAge', () => {
  it.each([
    [-3, '< 1 min'],
    [59.9, '< 1 min'],
    [60, '1 min'],
    [3599, '59 min'],
    [3600, '1 hr'],
    [86400 * 2.5, '2 days']
  ])('reads %d s as %s', (seconds, text) => {
    expect(formatAge(seconds)).toBe(text);
  });
});

describe('formatShare', () => {
  it('is a whole percentage', () => {
    expect(formatShare(0.5512)).toBe('55%');
  });
});

describe('figureText', () => {
  const MIB = 1024 * 1024;
  it.each([
    [{ bytes: 5 * MIB, exact: true }, '5 MiB'],
    [{ bytes: 80, exact: true, estimate_bytes: null }, '80 B'],
    [{ bytes: MIB, exact: false, estimate_bytes: 9 * MIB }, 'about 9 MiB'],
    [{ bytes: 9 * MIB, exact: false, estimate_bytes: MIB }, 'about 9 MiB'],
    [{ bytes: MIB, exact: false, estimate_bytes: null }, 'at least 1 MiB'],
    // A bound far below what may be there is no news.
    [{ bytes: 80, exact: false, estimate_bytes: null }, 'size unknown'],
    [{ bytes: 80, exact: false, most_bytes: 80 }, 'size unknown'],
    [{ bytes: 80, exact: false, most_bytes: 9 * MIB }, 'up to about 9 MiB'],
    ...[
      [['sharing-unknown'], 'up to 9 MiB'],
      [['no-refcounts', 'device'], 'up to 9 MiB'],
      [['cut', 'sharing-unknown'], 'up to about 9 MiB'],
      [['moving'], 'up to about 9 MiB'],
      [['cut', 'opaque'], 'up to about 9 MiB'],
      // There is more than was seen, nobody knows how much.
      [['opaque'], 'size unknown'],
      [['mapped', 'sharing-unknown'], 'size unknown']
    ].map(
      ([notes, text]) =>
        [{ bytes: 80, exact: false, most_bytes: 9 * MIB, notes }, text] as const
    ),
    [{ bytes: MIB, exact: false, most_bytes: 9 * MIB }, 'at least 1 MiB']
  ] as [IFigure, string][])('tells %j as %s', (figure, text) => {
    expect(figureText(figure, nullTranslator.load(''))).toBe(text);
  });
});

describe('what something keeps alive', () => {
  const MIB = 1024 * 1024;
  it.each([
    [{ exact: true, notes: [] }, '9 MiB'],
    [{ exact: true, notes: ['device', 'untouched'] }, '9 MiB'],
    // All of it was seen, only not who else uses it.
    [{ exact: false, notes: ['sharing-unknown'] }, '9 MiB'],
    [{ exact: false, notes: ['cut'] }, 'about 9 MiB'],
    [{ exact: false, notes: ['moving', 'opaque'] }, 'about 9 MiB'],
    [{ exact: false, notes: ['opaque'] }, 'at least 9 MiB'],
    [{ exact: false }, 'about 9 MiB']
  ])('is told by %j as %s', (told, text) => {
    const size = sizeOf({ ...told, size_bytes: 9 * MIB });
    expect(figureText(size, nullTranslator.load(''))).toBe(text);
  });

  it('is not known where little was seen of it', () => {
    const told = { exact: false, notes: ['cut'], size_bytes: 80 };
    expect(figureText(sizeOf(told), nullTranslator.load(''))).toBe(
      'size unknown'
    );
  });
});
