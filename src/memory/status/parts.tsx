/** The parts of a kernel's memory, in the status item's pop-up. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { figureText, formatBytes } from '../../ui/format';
import { figureTitle } from '../../panel/sentences';
import type { IFigure } from '../../tokens';
import { withheldFigure } from '../../ui/guardWords';
import type { IGuardState } from '../../wire/protocol';
import type { ILimit } from '../../wire/rest';
import type {
  IKinds,
  IProcessReading,
  IUsageReading,
  Reading
} from '../source';
import { limitWords, nearestOf, reasonText } from '../words';

/** One line of the list; `id` is for tests and style sheets. */
interface ILine {
  id: string;
  label: string;
  value: string;
  /** Why the value is not exact, where it is not. */
  title?: string;
}

/**
 * The parts of a kernel's memory as a list of terms and figures.
 *
 * @param props - The reading, what is retained and what the guard has done if
 * that is known, and the words.
 */
export function Parts(props: {
  reading: Reading;
  retained: IFigure | null;
  guard: IGuardState | null;
  trans: TranslationBundle;
}): JSX.Element {
  const { reading, guard, trans } = props;
  const results = [
    ...retainedLines(props.retained, trans),
    ...withheldLines(guard, trans)
  ];
  return (
    <dl className="jp-Memguard-parts">
      {partsOf(reading, results, trans).map(line => (
        <div key={line.id} data-part={line.id}>
          <dt>{line.label}</dt>
          <dd title={line.title}>{line.value}</dd>
        </div>
      ))}
    </dl>
  );
}

function partsOf(
  reading: Reading,
  results: readonly ILine[],
  trans: TranslationBundle
): ILine[] {
  switch (reading.kind) {
    case 'none':
      return [
        {
          id: 'reason',
          label: trans.__('Kernel memory'),
          value: reasonText(reading.reason, trans)
        }
      ];
    case 'usage_request':
      return [
        ...usageLines(reading, trans),
        ...results,
        ...limitLines(reading.limit, 'limit', trans),
        ...containerLines(reading.limit, trans)
      ];
    case 'process':
      return [
        ...processLines(reading, trans),
        ...results,
        ...limitLines(reading.limit, 'limit', trans),
        ...nearestLines(reading, trans)
      ];
  }
}

/** What a kernel says of itself, and when it said so. */
function usageLines(
  { bytes, time }: IUsageReading,
  trans: TranslationBundle
): ILine[] {
  return [
    {
      id: 'kernel',
      label: trans.__('PSS with children, as the kernel tells'),
      value: formatBytes(bytes)
    },
    {
      id: 'told',
      label: trans.__('Told at (asked every 10 s at most)'),
      value: new Date(time * 1000).toLocaleTimeString()
    }
  ];
}

/** What the server reads of a kernel's process. */
function processLines(
  { bytes, kinds, childrenBytes }: IProcessReading,
  trans: TranslationBundle
): ILine[] {
  const lines = [
    {
      id: 'kernel',
      label: trans.__('Kernel (resident)'),
      value: formatBytes(bytes)
    },
    ...kindLines(kinds, trans)
  ];
  if (childrenBytes) {
    lines.push({
      id: 'children',
      label:
        kinds.pss_bytes === null
          ? trans.__('Its child processes')
          : trans.__('Its child processes (shared memory split up)'),
      value: formatBytes(childrenBytes)
    });
  }
  return lines;
}

/** What the kernel's memory consists of, as far as the system tells. */
function kindLines(kinds: IKinds, trans: TranslationBundle): ILine[] {
  const told: [string, string, number | null][] = [
    ['anonymous', trans.__('– allocated'), kinds.anonymous_bytes],
    ['file', trans.__('– of files and libraries'), kinds.file_bytes],
    // Most kernels have neither of these.
    ['shared', trans.__('– shared memory'), kinds.shared_bytes || null],
    ['swap', trans.__('Swapped out'), kinds.swap_bytes || null],
    ['pss', trans.__('Kernel, shared memory split up (PSS)'), kinds.pss_bytes]
  ];
  return told.flatMap(([id, label, bytes]) =>
    bytes === null ? [] : [{ id, label, value: formatBytes(bytes) }]
  );
}

function retainedLines(
  retained: IFigure | null,
  trans: TranslationBundle
): ILine[] {
  if (retained === null) {
    return [];
  }
  const label = trans.__('Kept results');
  const value = figureText(retained, trans);
  const title = figureTitle(retained, trans);
  return [{ id: 'retained', label, value, title }];
}

/** What the guard did not keep. */
function withheldLines(
  guard: IGuardState | null,
  trans: TranslationBundle
): ILine[] {
  if (guard === null || guard.withheld === 0) {
    return [];
  }
  const label = trans.__('Not kept by the guard');
  return [{ id: 'withheld', label, value: withheldFigure(guard, trans) }];
}

/** The limit that is nearest, unless it is the one that is shown anyway. */
function nearestLines(
  reading: IProcessReading,
  trans: TranslationBundle
): ILine[] {
  const nearest = nearestOf(reading);
  return nearest && nearest.source !== reading.limit?.source
    ? limitLines(nearest, 'nearest', trans)
    : [];
}

/** A kernel knows its machine's memory, but not its container's limit. */
function containerLines(
  limit: ILimit | null,
  trans: TranslationBundle
): ILine[] {
  if (limit === null) {
    return [];
  }
  const label = trans.__("Container's limit");
  return [{ id: 'unknown', label, value: trans.__('not known from here') }];
}

/** A limit, and what counts against it if that is more than the kernel. */
function limitLines(
  limit: ILimit | null,
  id: string,
  trans: TranslationBundle
): ILine[] {
  if (limit === null) {
    return [];
  }
  const words = limitWords(limit.source, trans);
  const parts = [
    {
      id,
      label: words.limit,
      value: formatBytes(limit.limit_bytes)
    }
  ];
  if (words.used !== null && limit.used_bytes !== null) {
    parts.unshift({
      id: `${id}-used`,
      label: words.used,
      value: formatBytes(limit.used_bytes)
    });
  }
  return parts;
}
