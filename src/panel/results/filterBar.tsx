import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, HTMLSelect, InputGroup } from '@jupyterlab/ui-components';
import * as React from 'react';
import { MIB } from '../../model/settings';
import { formatBytes, formatCount } from '../../ui/format';
import type { ViewModel } from '../viewModel';
import type { IFilter } from './rows';
import type { TableModel } from './tableModel';

const SIZES = [0, MIB, 10 * MIB, 100 * MIB, 1024 * MIB];

function sizeText(bytes: number, trans: TranslationBundle): string {
  return bytes === 0
    ? trans.__('Any size')
    : trans.__('from %1', formatBytes(bytes));
}

/**
 * Which rows are shown, by text and by size.
 *
 * @param props - What to look at; `keysId` is the id of the list of keys.
 */
export function FilterBar(props: {
  view: ViewModel;
  table: TableModel;
  keysId: string;
}): React.JSX.Element {
  const { view, table, keysId } = props;
  const { trans } = view;
  const { filter } = view.state;
  const change = (changed: Partial<IFilter>): void => {
    view.state = { ...view.state, filter: { ...filter, ...changed } };
  };
  const shown = formatCount(table.list.matching);
  const total = formatCount(table.list.total);
  const showsAll = table.list.matching === table.list.byKey.size;
  // The toolkit's FilterBox gives its field no name, and takes no text from
  // outside after it was drawn first.
  return (
    <div
      className="jp-Memguard-filter"
      role="search"
      aria-label={trans.__('Filter the results')}
    >
      <InputGroup
        type="search"
        placeholder={trans.__('Filter')}
        aria-label={trans.__('Filter by text')}
        value={filter.text}
        onChange={event => change({ text: event.target.value })}
      />
      <HTMLSelect
        aria-label={trans.__('Filter by size')}
        value={filter.minBytes}
        options={SIZES.map(bytes => ({
          value: bytes,
          label: sizeText(bytes, trans)
        }))}
        onChange={event => change({ minBytes: Number(event.target.value) })}
      />
      <span className="jp-Memguard-count">
        {showsAll ? total : trans.__('%1 of %2', shown, total)}
      </span>
      <Button
        minimal
        small
        className="jp-Memguard-icon"
        aria-label={trans.__('Keys')}
        title={trans.__('Keys')}
        aria-expanded={table.areKeysShown}
        aria-controls={table.areKeysShown ? keysId : undefined}
        onClick={() => table.toggleKeys()}
        onKeyDown={event => {
          if (event.key === 'Escape' && table.areKeysShown) {
            event.stopPropagation();
            table.toggleKeys();
          }
        }}
      >
        ?
      </Button>
    </div>
  );
}
