import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { formatBound, formatBytes, formatShare } from '../../ui/format';
import type { IOverview, IPart } from '../../wire/protocol';
import { boundText } from '../sentences';

/** A part of the process's memory. */
export interface IBarPart {
  readonly name: 'results' | 'shown' | 'tracebacks' | 'variables' | 'rest';
  readonly bytes: number;
  readonly exact: boolean;
}

/**
 * The process's memory in parts that sum to it.
 *
 * @param overview - The bytes of each part that no part before it has.
 * @param retained - What the results free, by the reading that knows most. If
 * that is more than the overview's exact figure, the overview counted the
 * difference among its later parts; if that figure is a bound, it counted the
 * difference nowhere.
 * @returns the parts and, if the size of the process is known, the rest: what
 * the interpreter and the libraries use, and what is lost between blocks.
 */
export function barParts(
  overview: IOverview,
  retained: IPart = overview.results
): readonly IBarPart[] {
  const { bytes, exact } = overview.results;
  let more = exact ? Math.max(0, retained.bytes - bytes) : 0;
  const without = (part: IPart): IPart => {
    const taken = Math.min(more, part.bytes);
    more -= taken;
    return { ...part, bytes: part.bytes - taken };
  };
  const parts: IBarPart[] = [
    { name: 'results', ...retained },
    { name: 'shown', ...overview.shown },
    { name: 'tracebacks', ...without(overview.tracebacks) },
    { name: 'variables', ...without(overview.variables) }
  ];
  if (overview.rss_bytes !== null) {
    parts.push({
      name: 'rest',
      bytes: Math.max(0, overview.rss_bytes - sumOf(parts)),
      exact: parts.every(part => part.exact)
    });
  }
  return parts;
}

function sumOf(parts: readonly IBarPart[]): number {
  return parts.reduce((sum, part) => sum + part.bytes, 0);
}

/** Whether a figure is an upper bound: what lower bounds leave over. */
export function isAtMost({ name, exact }: IBarPart): boolean {
  return name === 'rest' && !exact;
}

function partBytes(part: IBarPart): string {
  return isAtMost(part)
    ? `\u2264\u00a0${formatBytes(part.bytes)}`
    : formatBound(part.bytes, part.exact);
}

/** What the sign before a part's bytes means, if it has one. */
function partTitle(
  part: IBarPart,
  trans: TranslationBundle
): string | undefined {
  if (part.exact) {
    return undefined;
  }
  return isAtMost(part)
    ? trans.__('At most this: what the other figures leave over')
    : boundText([], trans);
}

function partName(name: IBarPart['name'], trans: TranslationBundle): string {
  switch (name) {
    case 'results':
      return trans.__('Retained results');
    case 'shown':
      return trans.__('What was shown');
    case 'tracebacks':
      return trans.__('Tracebacks');
    case 'variables':
      return trans.__('Your variables');
    case 'rest':
      return trans.__('Python and libraries');
  }
}

/** A part in the list beside the bar. */
function LegendItem(props: {
  part: IBarPart;
  /** The bytes of all parts. */
  whole: number;
  action?: React.ReactNode;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { part, whole, action, trans } = props;
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
        {partName(part.name, trans)} {action}
      </span>
      <span className="jp-Memguard-legendBytes" title={partTitle(part, trans)}>
        {partBytes(part)}
      </span>
      <span className="jp-Memguard-legendShare">
        {whole > 0 ? formatShare(part.bytes / whole) : ''}
      </span>
    </li>
  );
}

/**
 * Where the process's memory is: a bar, and the same as a list.
 *
 * @param props - The parts; `wholeBytes` has the bytes of the process, if they
 * are known, which can be more than those of the parts; `actions` has what can
 * be done with a part.
 */
export function MemoryBar(props: {
  parts: readonly IBarPart[];
  wholeBytes: number | null;
  trans: TranslationBundle;
  actions?: Partial<Record<IBarPart['name'], React.ReactNode>>;
}): React.JSX.Element {
  const { parts, wholeBytes, trans, actions } = props;
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
            title={`${partName(part.name, trans)}: ${partBytes(part)}`}
          />
        ))}
      </div>
      <ul
        className="jp-Memguard-legend"
        aria-label={trans.__('Where the memory of the kernel is')}
      >
        {parts.map(part => (
          <LegendItem
            key={part.name}
            part={part}
            whole={whole}
            action={actions?.[part.name]}
            trans={trans}
          />
        ))}
      </ul>
    </div>
  );
}
