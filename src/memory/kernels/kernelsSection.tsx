/** The panel's section with all kernels of the server. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import * as React from 'react';
import { LinkButton } from '../../panel/buttons';
import { Figure } from '../../panel/figure';
import type { IMemguard } from '../../tokens';
import { figureText, formatBytes } from '../../ui/format';
import { percentOf, severityOf } from '../level';
import { ObservingSection } from '../observingSection';
import { limitWords, reasonText } from '../words';
import type { KernelList } from './kernelList';
import {
  nameOf,
  rowsOf,
  type IKernelRow,
  type IKernelUser
} from './kernelRows';
import '../../../style/kernels.css';

/** The panel's section with all kernels of the server. */
export class KernelsSection extends ObservingSection {
  /**
   * @param list - The kernels, which are read often only while this is visible.
   * @param options - The open documents, what shows one, and the words.
   */
  constructor(list: KernelList, options: KernelsSection.IOptions) {
    super();
    this._list = list;
    this._options = options;
    list.changed.connect(this.update, this);
  }

  protected render(): JSX.Element {
    const list = this._list;
    const { memguard, open, trans } = this._options;
    if (list.failure) {
      const reason =
        list.failure === 'unknown_kernel' ? 'invalid_reply' : list.failure;
      return <p role="status">{reasonText(reason, trans)}</p>;
    }
    if (list.kernels === null) {
      return <p role="status">{trans.__('Reading…')}</p>;
    }
    const rows = rowsOf(list, memguard, trans);
    if (rows.length === 0) {
      return <p>{trans.__('No kernel is running.')}</p>;
    }
    return <KernelTable rows={rows} open={open} trans={trans} />;
  }

  /** Read the list often while a person can see it. */
  protected observe(): IDisposable {
    return this._list.observe();
  }

  private readonly _list: KernelList;
  private readonly _options: KernelsSection.IOptions;
}

/** A namespace for the options. */
export namespace KernelsSection {
  /** What the section needs. */
  export interface IOptions {
    /** The open documents. */
    readonly memguard: IMemguard;
    /** Shows a kernel's document. */
    readonly open: (user: IKernelUser) => void;
    readonly trans: TranslationBundle;
  }
}

function KernelTable(props: {
  rows: IKernelRow[];
  open: (user: IKernelUser) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { rows, open, trans } = props;
  return (
    <table className="jp-Memguard-kernelTable">
      <thead>
        <tr>
          <th scope="col">{trans.__('Kernel')}</th>
          <th scope="col">{trans.__('Memory')}</th>
          <th scope="col">{trans.__('Of limit')}</th>
          <th scope="col" title={trans.__('Results that could be freed')}>
            {trans.__('Kept')}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(row => (
          <KernelRow key={row.id} row={row} open={open} trans={trans} />
        ))}
      </tbody>
      <tfoot>
        <Together rows={rows} trans={trans} />
      </tfoot>
    </table>
  );
}

/** The line with the sum of all kernels. */
function Together(props: {
  rows: IKernelRow[];
  trans: TranslationBundle;
}): JSX.Element {
  const { rows, trans } = props;
  const total = rows.reduce((sum, row) => sum + (row.bytes ?? 0), 0);
  const isAll = rows.every(row => row.bytes !== null || row.isGone);
  const shared = fullest(rows);
  return (
    <tr data-severity={severityOf(shared?.level ?? null)}>
      <th scope="row">
        {trans.__('Together')}
        {!isAll && total > 0 && (
          <small>{trans.__('Not every kernel tells its memory.')}</small>
        )}
        {shared && (
          <small>
            {trans.__(
              '%1: %2 of %3, %4 %',
              limitWords(shared.limit.source, trans).used,
              formatBytes(shared.limit.used_bytes ?? 0),
              formatBytes(shared.limit.limit_bytes),
              percentOf(shared.level)
            )}
          </small>
        )}
      </th>
      <td>
        {isAll || total > 0
          ? figureText({ bytes: total, exact: isAll }, trans)
          : '–'}
      </td>
      <td>
        {shared
          ? trans.__('%1 %', percentOf(total / shared.limit.limit_bytes))
          : null}
      </td>
      <td />
    </tr>
  );
}

/** The shared limit that is the most used. */
function fullest(rows: readonly IKernelRow[]): IKernelRow['shared'] {
  const shared = rows.flatMap(row => row.shared ?? []);
  return shared.reduce<IKernelRow['shared']>(
    (most, each) => (most && most.level >= each.level ? most : each),
    null
  );
}

function KernelRow(props: {
  row: IKernelRow;
  open: (user: IKernelUser) => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { row, open, trans } = props;
  return (
    <tr
      data-kernel-id={row.id}
      data-bytes={row.bytes ?? undefined}
      data-severity={row.severity}
    >
      <th scope="row" title={row.users.map(({ path }) => path).join(', ')}>
        {row.users.map((user, index) => (
          <React.Fragment key={user.path}>
            {index > 0 && ' '}
            <span className="jp-Memguard-kernelUser">
              {user.opens ? (
                <LinkButton onClick={() => open(user)}>
                  {nameOf(user)}
                </LinkButton>
              ) : (
                nameOf(user)
              )}
              {index < row.users.length - 1 && ','}
            </span>
          </React.Fragment>
        ))}
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
