/** The chart: a bar for each run of a cell. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { fateText } from '../../panel/sentences';
import type { IGrowth } from '../../tokens';
import type { CellFate } from '../../ui/cellLink';
import {
  BAR,
  barText,
  growthText,
  HEIGHT,
  idOf,
  lastRun,
  namedBars,
  scaleOf,
  STEP,
  TOP,
  type IScale
} from './bars';
import type { IRun } from './openRuns';
import type { IMeasured } from './runs';

/** What the chart shows. */
interface IChartProps {
  bars: readonly IMeasured[];
  /** Shows a run's cell. The result tells what became of the cell. */
  open: (run: IRun) => Promise<CellFate>;
  /** What a run's cell made grow, if that is known. */
  growthOf: (run: IRun) => IGrowth | null;
  trans: TranslationBundle;
}

/** The bars, and under them a line about the one that is chosen. */
export function Chart(props: IChartProps): JSX.Element {
  const { bars, growthOf, trans } = props;
  const { current, fate, choose, go } = useChosenBar(props);
  const growth = growthText(growthOf(lastRun(current)), trans);
  return (
    <>
      <Drawing
        bars={bars}
        current={current}
        choose={choose}
        go={go}
        growthOf={growthOf}
        trans={trans}
      />
      <p className="jp-Memguard-hint" role="status">
        {fate === null
          ? barText(current, trans)
          : trans.__('%1. %2', barText(current, trans), fate)}
        {growth !== null && (
          <span className="jp-Memguard-growth">{growth}</span>
        )}
      </p>
    </>
  );
}

/** The bar that is chosen, by default the newest, and its cell's fate. */
function useChosenBar({ bars, open, trans }: IChartProps): {
  current: IMeasured;
  fate: string | null;
  choose: (bar: IMeasured) => void;
  go: (bar: IMeasured) => Promise<void>;
} {
  const [chosen, setChosen] = React.useState<string | null>(null);
  const [fate, setFate] = React.useState<string | null>(null);
  // An answer that comes late may belong to a bar that was chosen before.
  const latest = React.useRef<string | null>(null);
  const choose = (bar: IMeasured): void => {
    latest.current = idOf(bar);
    setChosen(idOf(bar));
    setFate(null);
  };
  const go = async (bar: IMeasured): Promise<void> => {
    choose(bar);
    const text = fateText(await open(lastRun(bar)), trans);
    if (latest.current === idOf(bar)) {
      setFate(text);
    }
  };
  const current =
    bars.find(bar => idOf(bar) === chosen) ?? bars[bars.length - 1];
  return { current, fate, choose, go };
}

function Drawing(props: {
  bars: readonly IMeasured[];
  current: IMeasured;
  choose: (bar: IMeasured) => void;
  go: (bar: IMeasured) => Promise<void>;
  growthOf: IChartProps['growthOf'];
  trans: TranslationBundle;
}): JSX.Element {
  const { bars, current, choose, go, growthOf, trans } = props;
  const nodes = React.useRef(new Map<string, SVGGElement>());
  const scroller = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    scroller.current?.scrollTo({ left: scroller.current.scrollWidth });
  }, [idOf(bars[bars.length - 1])]);
  const scale = scaleOf(bars);
  const names = namedBars(bars, scale.full);
  const move = (by: number): void => {
    const next = bars[bars.indexOf(current) + by];
    if (next) {
      choose(next);
      nodes.current.get(idOf(next))?.focus();
    }
  };
  const width = (bars.length + 2) * STEP;
  return (
    <div className="jp-Memguard-chart" ref={scroller}>
      <svg
        role="group"
        aria-label={trans.__('Memory by cell')}
        width={width}
        height={TOP + HEIGHT}
      >
        {bars.map((bar, index) => (
          <Bar
            key={idOf(bar)}
            bar={bar}
            left={(index + 1) * STEP}
            scale={scale}
            named={names.has(bar)}
            restarted={index > 0 && bar.life !== bars[index - 1].life}
            focusable={bar === current}
            label={labelOf(bar, growthOf, trans)}
            go={() => void go(bar)}
            move={move}
            hold={node => hold(nodes.current, idOf(bar), node)}
          />
        ))}
        <line
          className="jp-Memguard-chartZero"
          x1={0}
          x2={width}
          y1={scale.y(0)}
          y2={scale.y(0)}
        />
      </svg>
    </div>
  );
}

/** All that is said of a bar to who points at it, or cannot see it. */
function labelOf(
  bar: IMeasured,
  growthOf: IChartProps['growthOf'],
  trans: TranslationBundle
): string {
  const text = barText(bar, trans);
  const growth = growthText(growthOf(lastRun(bar)), trans);
  return growth === null ? text : trans.__('%1. %2', text, growth);
}

/** Remember the element of a bar, for the focus; null forgets it. */
function hold(
  nodes: Map<string, SVGGElement>,
  id: string,
  node: SVGGElement | null
): void {
  if (node) {
    nodes.set(id, node);
  } else {
    nodes.delete(id);
  }
}

interface IBarProps {
  bar: IMeasured;
  left: number;
  scale: IScale;
  named: boolean;
  /** Whether the kernel was restarted before it. */
  restarted: boolean;
  focusable: boolean;
  label: string;
  go: () => void;
  move: (by: number) => void;
  hold: (node: SVGGElement | null) => void;
}

function Bar(props: IBarProps): JSX.Element {
  const { bar, left, scale } = props;
  const { delta, peak } = bar.change;
  const { count } = lastRun(bar);
  const between = left - (STEP - BAR) / 2;
  return (
    <g
      ref={props.hold}
      role="button"
      tabIndex={props.focusable ? 0 : -1}
      className="jp-Memguard-run"
      aria-label={props.label}
      data-execution={count}
      data-delta={delta}
      data-peak={peak}
      onClick={props.go}
      onKeyDown={event => onKeyDown(event, props)}
    >
      <title>{props.label}</title>
      {props.restarted && (
        <line
          className="jp-Memguard-chartRestart"
          x1={between}
          x2={between}
          y1={0}
          y2={TOP + HEIGHT}
        />
      )}
      <BarRectangles delta={delta} peak={peak} left={left} scale={scale} />
      {props.named && (
        <text x={left + BAR / 2} y={scale.y(peak) - 3} textAnchor="middle">
          {`[${count}]`}
        </text>
      )}
    </g>
  );
}

function onKeyDown(event: React.KeyboardEvent, { go, move }: IBarProps): void {
  switch (event.key) {
    case 'ArrowLeft':
      move(-1);
      break;
    case 'ArrowRight':
      move(1);
      break;
    case 'Enter':
    case ' ':
      go();
      break;
    default:
      return;
  }
  event.preventDefault();
}

/** A run's peak, in front of it the change, and the area that takes clicks. */
function BarRectangles(props: {
  delta: number;
  peak: number;
  left: number;
  scale: IScale;
}): JSX.Element {
  const { delta, peak, left, scale } = props;
  return (
    <>
      <rect
        className="jp-Memguard-runTarget"
        x={left}
        y={0}
        width={BAR}
        height={TOP + HEIGHT}
      />
      <rect
        className="jp-Memguard-runPeak"
        x={left}
        width={BAR}
        y={scale.y(peak)}
        height={scale.y(0) - scale.y(peak)}
      />
      <rect
        className="jp-Memguard-runDelta"
        x={left}
        width={BAR}
        y={scale.y(Math.max(delta, 0))}
        height={Math.max(1, Math.abs(scale.y(delta) - scale.y(0)))}
      />
    </>
  );
}
