import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { formatCount } from '../../ui/format';
import { LinkButton } from '../buttons';
import type { TableModel } from './tableModel';

/** Says that another order, or a filter, is over the loaded rows only. */
export function PartialNote(props: {
  table: TableModel;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { table, trans } = props;
  const { isUsual, hasAll, loadsAll, byKey, total } = table.list;
  if (isUsual || hasAll) {
    return null;
  }
  const share = `${formatCount(byKey.size)} / ${formatCount(total)}`;
  return (
    <p className="jp-Memguard-partial">
      <span>
        {loadsAll
          ? trans.__('Loading\u2026 %1', share)
          : trans.__('Among the results that free most: %1', share)}
      </span>
      {!loadsAll && (
        <LinkButton onClick={() => table.loadAll()}>
          {trans.__('Load all')}
        </LinkButton>
      )}
    </p>
  );
}
