import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import type { CellFate } from '../../ui/cellLink';
import { formatBytes } from '../../ui/format';
import type { IMemguard, IWatched } from '../../tokens';
import { fateText } from '../../panel/sentences';
import type { IMeasured, IRun, RunRecorder } from './runs';

const BAR = 8;
const STEP = 11;
const HEIGHT = 72;
/** Room above the bars for the names of the tall ones. */
const TOP = 14;
/** Bars of at least this part of the tallest are named, where there is room. */
const TALL = 0.2;
const NAME_STEPS = 4;
/** A chart of almost nothing is not blown up: the least full height. */
const LEAST_BYTES = 8 * 1024 * 1024;

/** Shows a run's cell, and tells what became of it. */
export type GoToRun = (watched: IWatched, run: IRun) => Promise<CellFate>;

/** The panel's section with what each run of a cell did to the memory. */
export class ChartSection extends ReactWidget {
  /**
   * @param memguard - says which document is in front.
   * @param recorderOf - the runs of a document.
   * @param goTo - shows a run's cell.
   * @param trans - the translator.
   */
  constructor(
    private readonly memguard: IMemguard,
    private readonly recorderOf: (watched: IWatched) => RunRecorder | null,
    private readonly goTo: GoToRun,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-Memguard-chartSection');
    this.title.label = trans.__('Memory by cell');
    memguard.currentChanged.connect(this.follow, this);
    this.follow();
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this.recorder?.changed.disconnect(this.update, this);
    this.memguard.currentChanged.disconnect(this.follow, this);
    this.observing?.dispose();
    super.dispose();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.observe();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.observe();
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.observe();
  }

  protected onBeforeDetach(message: Message): void {
    this.observing?.dispose();
    this.observing = null;
    super.onBeforeDetach(message);
  }

  protected render(): JSX.Element {
    const { watched, recorder, trans } = this;
    const bars = recorder?.measured ?? [];
    if (watched === null || bars.length === 0) {
      return <p className="jp-Memguard-hint">{this.whyNone()}</p>;
    }
    return (
      <>
        <Chart
          bars={bars}
          open={run => this.goTo(watched, run)}
          trans={trans}
        />
        {recorder?.isRemote && (
          <p className="jp-Memguard-hint">{this.whyTogether()}</p>
        )}
      </>
    );
  }

  private whyNone(): string {
    const { recorder, trans } = this;
    if (recorder?.isRemote) {
      return this.whyTogether();
    }
    return recorder?.unmeasured
      ? trans.__(
          'What a cell did is not known: the server cannot sample this kernel.'
        )
      : trans.__('Run a cell to see what it does to the memory.');
  }

  private whyTogether(): string {
    return this.trans.__(
      'This kernel is elsewhere and tells its memory every 10 s at most: runs in between are shown together.'
    );
  }

  private follow(): void {
    this.recorder?.changed.disconnect(this.update, this);
    this.watched = this.memguard.current;
    this.recorder = this.watched && this.recorderOf(this.watched);
    this.recorder?.changed.connect(this.update, this);
    this.observing?.dispose();
    this.observing = null;
    this.observe();
    this.update();
  }

  /** See to it that samples are taken while a person looks. */
  private observe(): void {
    if (!this.isVisible) {
      this.observing?.dispose();
      this.observing = null;
    } else {
      this.observing ??= this.recorder?.observe() ?? null;
    }
  }

  private watched: IWatched | null = null;
  private recorder: RunRecorder | null = null;
  private observing: IDisposable | null = null;
}

function Chart(props: {
  bars: readonly IMeasured[];
  open: (run: IRun) => Promise<CellFate>;
  trans: TranslationBundle;
}): JSX.Element {
  const { bars, open, trans } = props;
  const [chosen, setChosen] = React.useState<string | null>(null);
  const [fate, setFate] = React.useState<string | null>(null);
  // To tell, when an answer comes, whether it is still asked for.
  const latest = React.useRef<string | null>(null);
  const nodes = React.useRef(new Map<string, SVGGElement>());
  const scroller = React.useRef<HTMLDivElement>(null);
  const newest = bars[bars.length - 1];
  React.useEffect(() => {
    scroller.current?.scrollTo({ left: scroller.current.scrollWidth });
  }, [idOf(newest)]);

  const scale = scaleOf(bars);
  const names = namedBars(bars, scale.full);
  const current = bars.find(bar => idOf(bar) === chosen) ?? newest;
  const choose = (bar: IMeasured) => {
    latest.current = idOf(bar);
    setChosen(idOf(bar));
    setFate(null);
  };
  const move = (by: number) => {
    const next = bars[bars.indexOf(current) + by];
    if (next) {
      choose(next);
      nodes.current.get(idOf(next))?.focus();
    }
  };
  const go = async (bar: IMeasured) => {
    choose(bar);
    const text = fateText(await open(lastRun(bar)), trans);
    if (latest.current === idOf(bar)) {
      setFate(text);
    }
  };
  const width = (bars.length + 2) * STEP;
  return (
    <>
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
              label={barText(bar, trans)}
              go={() => void go(bar)}
              move={move}
              hold={node => {
                if (node) {
                  nodes.current.set(idOf(bar), node);
                } else {
                  nodes.current.delete(idOf(bar));
                }
              }}
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
      <p className="jp-Memguard-hint" role="status">
        {fate === null
          ? barText(current, trans)
          : trans.__('%1. %2', barText(current, trans), fate)}
      </p>
    </>
  );
}

function Bar(props: {
  bar: IMeasured;
  left: number;
  scale: IScale;
  named: boolean;
  /** The kernel was restarted before it. */
  restarted: boolean;
  focusable: boolean;
  label: string;
  go: () => void;
  move: (by: number) => void;
  hold: (node: SVGGElement | null) => void;
}): JSX.Element {
  const { bar, left, scale } = props;
  const { delta, peak } = bar.change;
  const { count } = lastRun(bar);
  const between = left - (STEP - BAR) / 2;
  const onKeyDown = (event: React.KeyboardEvent) => {
    switch (event.key) {
      case 'ArrowLeft':
        props.move(-1);
        break;
      case 'ArrowRight':
        props.move(1);
        break;
      case 'Enter':
      case ' ':
        props.go();
        break;
      default:
        return;
    }
    event.preventDefault();
  };
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
      onKeyDown={onKeyDown}
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
      {props.named && (
        <text x={left + BAR / 2} y={scale.y(peak) - 3} textAnchor="middle">
          {`[${count}]`}
        </text>
      )}
    </g>
  );
}

interface IScale {
  /** Bytes of the whole height. */
  full: number;
  /** Where a change in bytes lies. */
  y: (bytes: number) => number;
}

function scaleOf(bars: readonly IMeasured[]): IScale {
  const greatest = Math.max(0, ...bars.map(({ change }) => change.peak));
  const least = Math.min(0, ...bars.map(({ change }) => change.delta));
  const full = Math.max(greatest - least, LEAST_BYTES);
  return {
    full,
    y: bytes => TOP + HEIGHT - ((bytes - least) / full) * HEIGHT
  };
}

/** The tall bars, the tallest first, as far as their names do not overlap. */
function namedBars(
  bars: readonly IMeasured[],
  full: number
): ReadonlySet<IMeasured> {
  const heightOf = ({ change }: IMeasured) =>
    Math.max(change.peak, Math.abs(change.delta));
  const places = new Map(bars.map((bar, place) => [bar, place]));
  const named = new Map<IMeasured, number>();
  [...places]
    .filter(([bar]) => heightOf(bar) >= TALL * full)
    .sort(([one], [other]) => heightOf(other) - heightOf(one))
    .forEach(([bar, place]) => {
      const isFree = [...named.values()].every(
        other => Math.abs(other - place) >= NAME_STEPS
      );
      if (isFree) {
        named.set(bar, place);
      }
    });
  return new Set(named.keys());
}

/** The last run has what they all left behind. */
function lastRun(bar: IMeasured): IRun {
  return bar.runs[bar.runs.length - 1];
}

function idOf(bar: IMeasured): string {
  return lastRun(bar).id;
}

function barText(bar: IMeasured, trans: TranslationBundle): string {
  const first = bar.runs[0].count;
  const last = lastRun(bar).count;
  const delta = signed(bar.change.delta);
  const peak = signed(bar.change.peak);
  return bar.runs.length === 1
    ? trans.__('In [%1]: %2, peak %3', last, delta, peak)
    : trans.__(
        'In [%1] to In [%2] together: %3, peak %4',
        first,
        last,
        delta,
        peak
      );
}

function signed(bytes: number): string {
  const sign = bytes < 0 ? '\u2212' : '+';
  return sign + formatBytes(Math.abs(bytes));
}
