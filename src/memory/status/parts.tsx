import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { figureText, formatBytes } from '../../ui/format';
import type { ILimit } from '../../wire/rest';
import type { IRetained } from '../retained';
import type { Reading } from '../source';
import { limitText, nearestOf, reasonText, usedText } from '../words';

/** One line of the list: `id` is for tests and style sheets. */
interface IPart {
  id: string;
  label: string;
  value: string;
}

/**
 * The parts of a kernel's memory as a list of terms and figures.
 *
 * @param props - the reading, what is retained if known, the translator.
 */
export function Parts(props: {
  reading: Reading;
  retained: IRetained | null;
  trans: TranslationBundle;
}): JSX.Element {
  return (
    <dl className="jp-Memguard-parts">
      {partsOf(props.reading, props.retained, props.trans).map(part => (
        <div key={part.id} data-part={part.id}>
          <dt>{part.label}</dt>
          <dd>{part.value}</dd>
        </div>
      ))}
    </dl>
  );
}

function partsOf(
  reading: Reading,
  retained: IRetained | null,
  trans: TranslationBundle
): IPart[] {
  const parts: IPart[] = [];
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
      parts.push(
        {
          id: 'kernel',
          label: trans.__('PSS with children, as the kernel tells'),
          value: formatBytes(reading.bytes)
        },
        {
          id: 'told',
          label: trans.__('Told at (asked every 10 s at most)'),
          value: new Date(reading.time * 1000).toLocaleTimeString()
        }
      );
      break;
    case 'process':
      parts.push({
        id: 'kernel',
        label: trans.__('Kernel (resident)'),
        value: formatBytes(reading.bytes)
      });
      if (reading.childrenBytes) {
        parts.push({
          id: 'children',
          label: trans.__('Its child processes'),
          value: formatBytes(reading.childrenBytes)
        });
      }
  }
  if (retained) {
    parts.push({
      id: 'retained',
      label: trans.__('Retained results'),
      value: figureText(retained, trans)
    });
  }
  const { limit } = reading;
  parts.push(...limitParts(limit, 'limit', trans));
  const nearest = nearestOf(reading);
  if (nearest && nearest.source !== limit?.source) {
    parts.push(...limitParts(nearest, 'nearest', trans));
  }
  if (reading.kind === 'usage_request' && limit) {
    parts.push({
      id: 'unknown',
      label: trans.__("Container's limit"),
      value: trans.__('not known from here')
    });
  }
  return parts;
}

/** A limit, and what counts against it where that is not the kernel alone. */
function limitParts(
  limit: ILimit | null,
  id: string,
  trans: TranslationBundle
): IPart[] {
  if (limit === null) {
    return [];
  }
  const parts = [
    {
      id,
      label: limitText(limit.source, trans),
      value: formatBytes(limit.limit_bytes)
    }
  ];
  const used = usedText(limit.source, trans);
  if (used !== null && limit.used_bytes !== null) {
    parts.unshift({
      id: `${id}-used`,
      label: used,
      value: formatBytes(limit.used_bytes)
    });
  }
  return parts;
}
