import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';
import { MIB } from '../../model/settings';
import { formatBytes, formatCount } from '../../ui/format';
import type { ViewModel } from '../viewModel';

const SIZES = [0, MIB, 10 * MIB, 100 * MIB, 1024 * MIB];

/**
 * Which rows are shown, by text and by size.
 *
 * @param props - How many rows pass the filter, are here, and are in all.
 */
export function FilterBar(props: {
  view: ViewModel;
  shown: number;
  loaded: number;
  count: number;
  /** The list of keys that the last button shows. */
  keysId: string;
  keysShown: boolean;
  onKeys: () => void;
}): React.JSX.Element {
  const { view, shown, loaded, count } = props;
  const { trans, state } = view;
  const { filter } = state;
  return (
    <div
      className="jp-Memguard-filter"
      role="search"
      aria-label={trans.__('Filter the results')}
    >
      <input
        type="search"
        className="jp-Memguard-input"
        placeholder={trans.__('Filter')}
        aria-label={trans.__('Filter by text')}
        value={filter.text}
        onChange={event => {
          view.state = {
            ...state,
            filter: { ...filter, text: event.target.value }
          };
        }}
      />
      <HTMLSelect
        aria-label={trans.__('Filter by size')}
        value={filter.minBytes}
        options={SIZES.map(bytes => ({
          value: bytes,
          label:
            bytes === 0
              ? trans.__('Any size')
              : trans.__('from %1', formatBytes(bytes))
        }))}
        onChange={event => {
          view.state = {
            ...state,
            filter: { ...filter, minBytes: Number(event.target.value) }
          };
        }}
      />
      <span className="jp-Memguard-count">
        {shown < loaded
          ? trans.__('%1 of %2', formatCount(shown), formatCount(count))
          : formatCount(count)}
      </span>
      <button
        className="jp-Memguard-iconButton jp-Memguard-keysButton"
        aria-label={trans.__('Keys')}
        title={trans.__('Keys')}
        aria-expanded={props.keysShown}
        aria-controls={props.keysShown ? props.keysId : undefined}
        onClick={props.onKeys}
      >
        ?
      </button>
    </div>
  );
}
