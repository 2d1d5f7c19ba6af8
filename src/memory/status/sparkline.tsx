/** A small line of values over time. */

import * as React from 'react';

const WIDTH = 48;
const HEIGHT = 14;

/**
 * A line of values over time, scaled from zero to the greatest. The words
 * beside it say all that matters, so that screen readers skip it.
 *
 * @param props - The values, the oldest first, and how many fill the width.
 */
export function Sparkline(props: {
  values: readonly number[];
  slots: number;
}): JSX.Element | null {
  const { values, slots } = props;
  if (values.length < 2) {
    return null;
  }
  const greatest = Math.max(...values, 1);
  const step = WIDTH / (slots - 1);
  const left = WIDTH - step * (values.length - 1);
  const points = values.map(
    (value, index) =>
      `${(left + index * step).toFixed(1)},` +
      `${(HEIGHT - 1 - (value / greatest) * (HEIGHT - 2)).toFixed(1)}`
  );
  return (
    <svg
      className="jp-Memguard-sparkline"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}
