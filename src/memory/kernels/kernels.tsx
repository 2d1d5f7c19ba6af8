import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { formatBound, formatBytes } from '../../ui/format';
import type { IKernelMemory, ILimit } from '../../wire/rest';
import type { IMemguard } from '../../tokens';
import { Figure } from '../../panel/figure';
import type { KernelList } from './kernelList';
import { isShared, percentOf, severityOf, type Severity } from '../level';
import { IRetained, retainedOf, watchedWith } from '../retained';
import { reasonText, usedText } from '../words';

/** One kernel as the list shows it. */
export interface IKernelRow {
  id: string;
  /** The notebook's path, else the console's name, else the kernelspec's. */
  path: string;
  /** Its own memory with its children's, or null if it is not known. */
  bytes: number | null;
  /** Whether it has ended, and uses none. */
  isGone: boolean;
  /** Its own part of the limit that is shown, 0 to 1. */
  share: number | null;
  severity: Severity;
  /** The limit that it shares with others, and how much of that is used. */
  shared: { limit: ILimit; level: number } | null;
  /** Why there is no figure, or how the figure is to be read; may be empty. */
  note: string;
  retained: IRetained | null;
  /** Whether a document of it can be shown. */
  opens: boolean;
}

/**
 * The kernels for the list, the biggest first.
 *
 * @param list - what the server told.
 * @param memguard - the open documents, for what could be freed.
 * @param trans - the translator.
 */
export function rowsOf(
  list: KernelList,
  memguard: IMemguard,
  trans: TranslationBundle
): IKernelRow[] {
  return (list.kernels ?? [])
    .map(kernel => rowOf(kernel, list, memguard, trans))
    .sort((one, other) => (other.bytes ?? -1) - (one.bytes ?? -1));
}

function rowOf(
  kernel: IKernelMemory,
  list: KernelList,
  memguard: IMemguard,
  trans: TranslationBundle
): IKernelRow {
  const watched = watchedWith(memguard, kernel.id);
  const told = list.told.get(kernel.id);
  const row = {
    id: kernel.id,
    path: kernel.notebook ?? kernel.title ?? kernel.name,
    isGone: kernel.reason === 'died' || kernel.reason === 'no_kernel',
    retained: retainedOf(watched),
    opens: watched !== null || kernel.kind === 'notebook'
  };
  if (kernel.rss_bytes !== null) {
    const children = kernel.children_bytes ?? 0;
    return {
      ...row,
      ...nearnessOf(kernel.rss_bytes, kernel),
      bytes: kernel.rss_bytes + children,
      note: children
        ? trans.__('%1 of it child processes', formatBytes(children))
        : ''
    };
  }
  if (told?.kind === 'usage_request') {
    return {
      ...row,
      ...nearnessOf(told.bytes, { ...told, nearest: told.limit }),
      bytes: told.bytes,
      note: trans.__('PSS with children, as the kernel tells')
    };
  }
  const note =
    kernel.reason === 'remote'
      ? trans.__('remote kernel')
      : reasonText(kernel.reason ?? 'unsupported', trans);
  return { ...row, ...nearnessOf(0, null), bytes: null, note };
}

/** How near a kernel is to its limit, and all together to one they share. */
function nearnessOf(
  bytes: number,
  known: Pick<IKernelMemory, 'limit' | 'level' | 'nearest'> | null
): Pick<IKernelRow, 'share' | 'severity' | 'shared'> {
  const limit = known?.limit ?? null;
  const nearest = known?.nearest ?? limit;
  const level = known?.level ?? null;
  // Its address space is another measure than its resident memory.
  const own = limit?.source === 'rlimit_as' ? limit.used_bytes : bytes;
  const share = limit && own !== null ? own / limit.limit_bytes : null;
  const shared =
    nearest && level !== null && isShared(nearest)
      ? { limit: nearest, level }
      : null;
  return { share, severity: severityOf(shared ? share : level), shared };
}

/** The panel's section with all kernels of the server. */
export class KernelsSection extends ReactWidget {
  /**
   * @param list - the kernels; read often only while this is visible.
   * @param memguard - the open documents.
   * @param open - shows a kernel's document.
   * @param trans - the translator.
   */
  constructor(
    private readonly list: KernelList,
    private readonly memguard: IMemguard,
    private readonly open: (row: IKernelRow) => void,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-Memguard-kernels');
    this.title.label = trans.__('All kernels');
    list.changed.connect(this.update, this);
  }

  dispose(): void {
    this.observing?.dispose();
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.observing ??= this.list.observe();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this.observing ??= this.list.observe();
    }
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.observing?.dispose();
    this.observing = null;
  }

  protected onBeforeDetach(message: Message): void {
    this.observing?.dispose();
    this.observing = null;
    super.onBeforeDetach(message);
  }

  protected render(): JSX.Element {
    const { list, trans } = this;
    if (list.failure) {
      const reason =
        list.failure === 'unknown_kernel' ? 'invalid_reply' : list.failure;
      return <p role="status">{reasonText(reason, trans)}</p>;
    }
    if (list.kernels === null) {
      return <p role="status">{trans.__('Reading…')}</p>;
    }
    const rows = rowsOf(list, this.memguard, trans);
    if (rows.length === 0) {
      return <p>{trans.__('No kernel is running.')}</p>;
    }
    return <KernelTable rows={rows} open={this.open} trans={trans} />;
  }

  private observing: IDisposable | null = null;
}

function KernelTable(props: {
  rows: IKernelRow[];
  open: (row: IKernelRow) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { rows, open, trans } = props;
  const total = rows.reduce((sum, row) => sum + (row.bytes ?? 0), 0);
  const isAll = rows.every(row => row.bytes !== null || row.isGone);
  const shared = rows
    .flatMap(row => row.shared ?? [])
    .reduce<IKernelRow['shared']>(
      (most, each) => (most && most.level >= each.level ? most : each),
      null
    );
  return (
    <table className="jp-Memguard-kernelTable">
      <thead>
        <tr>
          <th scope="col">{trans.__('Kernel')}</th>
          <th scope="col">{trans.__('Memory')}</th>
          <th scope="col">{trans.__('Of limit')}</th>
          <th scope="col" title={trans.__('Results that could be freed')}>
            {trans.__('Retained')}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(row => (
          <KernelRow key={row.id} row={row} open={open} trans={trans} />
        ))}
      </tbody>
      <tfoot>
        <tr data-severity={severityOf(shared?.level ?? null)}>
          <th scope="row">
            {trans.__('Together')}
            {!isAll && total > 0 && (
              <small>
                {trans.__('at least: not every kernel tells its memory')}
              </small>
            )}
            {shared && (
              <small>
                {trans.__(
                  '%1: %2 of %3',
                  usedText(shared.limit.source, trans),
                  formatBytes(shared.limit.used_bytes ?? 0),
                  formatBytes(shared.limit.limit_bytes)
                )}
              </small>
            )}
          </th>
          <td>{isAll || total > 0 ? formatBound(total, isAll) : '–'}</td>
          <td>{shared ? trans.__('%1 %', percentOf(shared.level)) : null}</td>
          <td />
        </tr>
      </tfoot>
    </table>
  );
}

function KernelRow(props: {
  row: IKernelRow;
  open: (row: IKernelRow) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { row, open, trans } = props;
  const name = row.path.split('/').pop() ?? row.path;
  return (
    <tr
      data-kernel-id={row.id}
      data-bytes={row.bytes ?? undefined}
      data-severity={row.severity}
    >
      <th scope="row" title={row.path}>
        {row.opens ? (
          <button
            type="button"
            className="jp-Memguard-link"
            onClick={() => open(row)}
          >
            {name}
          </button>
        ) : (
          name
        )}
        {row.note && <small>{row.note}</small>}
      </th>
      <td>{row.bytes === null ? '–' : formatBytes(row.bytes)}</td>
      <td>
        {row.share === null ? '–' : trans.__('%1 %', percentOf(row.share))}
      </td>
      <td>
        {row.retained === null ? (
          '–'
        ) : (
          <Figure part={row.retained} trans={trans} />
        )}
      </td>
    </tr>
  );
}
