import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { likelyBytes } from '../../model/figures';
import type { IFigure } from '../../tokens';
import { formatBytes, formatShare } from '../../ui/format';
import type { IOverview, IReport } from '../../wire/protocol';
import { partName } from '../partWords';

/** The parts of a process's memory, as they stand in the bar. */
const PARTS = [
  'results',
  'shared',
  'variables',
  'shown',
  'tracebacks',
  'free',
  'mapped',
  'rest'
] as const;

type PartName = (typeof PARTS)[number];

/** These are told only where there is something of them. */
const SELDOM: readonly PartName[] = [
  'shared',
  'shown',
  'tracebacks',
  'free',
  'mapped'
];

/** A part of the process's memory. */
interface IBarPart {
  readonly name: PartName;
  readonly bytes: number;
  readonly exact: boolean;
}

/**
 * The process's memory in parts that sum to it, all of one reading.
 *
 * @param overview - Where the memory is.
 */
export function barParts(overview: IOverview): readonly IBarPart[] {
  // What is left over is not known where the size of the process is not.
  const isKnown = (name: PartName): boolean =>
    name !== 'rest' || overview.rss_bytes !== null;
  // Of what is not exact it is not known that nothing is there.
  const isTold = (name: PartName): boolean =>
    !SELDOM.includes(name) || overview[name].bytes > 0 || !overview[name].exact;
  return PARTS.filter(name => isKnown(name) && isTold(name)).map(name => ({
    name,
    bytes: overview[name].bytes,
    exact: overview[name].exact
  }));
}

/**
 * The parts that a report knows: those that a person can release.
 *
 * @param report - What the kernel retains.
 * @param retained - What all results free.
 */
export function reportedParts(
  report: IReport,
  retained: IFigure
): readonly IBarPart[] {
  return [
    { name: 'results', bytes: likelyBytes(retained), exact: retained.exact },
    ...(['shown', 'tracebacks'] as const)
      .map(name => ({ name, ...report[name] }))
      .filter(({ bytes, exact }) => bytes > 0 || !exact)
  ];
}

function sumOf(parts: readonly IBarPart[]): number {
  return parts.reduce((sum, part) => sum + part.bytes, 0);
}

function partBytes(
  { bytes, exact }: IBarPart,
  trans: TranslationBundle
): string {
  if (exact) {
    return formatBytes(bytes);
  }
  return bytes === 0
    ? trans.__('size unknown')
    : trans.__('about %1', formatBytes(bytes));
}

/** What opens a part, and what it opens into. */
export interface IUnfolding {
  readonly toggle: React.ReactNode;
  /** Null while it is closed. */
  readonly content: React.ReactNode;
}

/** A part in the list beside the bar. */
function LegendItem(props: {
  part: IBarPart;
  /** The bytes of all parts. */
  whole: number;
  action?: React.ReactNode;
  /** Shown in the place of the name, and below the line. */
  unfolding?: IUnfolding;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { part, whole, action, unfolding, trans } = props;
  return (
    <li
      className="jp-Memguard-legendItem"
      data-part={part.name}
      data-bytes={part.bytes}
      data-exact={part.exact}
    >
      <span
        className="jp-Memguard-swatch"
        data-part={part.name}
        aria-hidden="true"
      />
      <span className="jp-Memguard-legendName">
        {unfolding?.toggle ?? partName(part.name, trans)} {action}
      </span>
      <span className="jp-Memguard-legendBytes">{partBytes(part, trans)}</span>
      <span className="jp-Memguard-legendShare">
        {whole > 0 ? formatShare(part.bytes / whole) : ''}
      </span>
      {unfolding?.content}
    </li>
  );
}

/**
 * Where the process's memory is: a bar, and the same as a list.
 *
 * @param props - The parts; `wholeBytes` has the bytes of the process by the
 * same reading, if they are known, which can be more than those of the parts;
 * `actions` has what can be done with a part, `unfolding` how one opens.
 */
export function MemoryBar(props: {
  parts: readonly IBarPart[];
  wholeBytes: number | null;
  trans: TranslationBundle;
  actions?: Partial<Record<PartName, React.ReactNode>>;
  unfolding?: Partial<Record<PartName, IUnfolding>>;
}): React.JSX.Element {
  const { parts, wholeBytes, trans, actions, unfolding } = props;
  const whole = Math.max(wholeBytes ?? 0, sumOf(parts));
  return (
    <div className="jp-Memguard-where">
      <div className="jp-Memguard-bar" aria-hidden="true">
        {parts.map(part => (
          <div
            key={part.name}
            className="jp-Memguard-barPart"
            data-part={part.name}
            style={{ flexGrow: whole > 0 ? part.bytes / whole : 0 }}
            title={`${partName(part.name, trans) ?? ''}: ${partBytes(part, trans)}`}
          />
        ))}
      </div>
      <ul
        role="list"
        className="jp-Memguard-legend"
        aria-label={trans.__('Where the memory of the kernel is')}
      >
        {parts.map(part => (
          <LegendItem
            key={part.name}
            part={part}
            whole={whole}
            action={actions?.[part.name]}
            unfolding={unfolding?.[part.name]}
            trans={trans}
          />
        ))}
      </ul>
    </div>
  );
}
