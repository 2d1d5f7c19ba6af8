import { Signal } from '@lumino/signaling';
import { CellRuns } from '../../kernel/cellRuns';
import { ExecutedCells } from '../../kernel/executedCells';
import type { AgentState, IKernelAgent } from '../../tokens';
import { RequestError } from '../../wire/request';
import type {
  IGuardState,
  IRequests,
  KernelEvent,
  Method
} from '../../wire/protocol';

/** An agent that records what it is asked, and answers when told to. */
export class FakeAgent implements IKernelAgent {
  state: AgentState = { kind: 'ready' };
  cellRunning = false;
  guard: IGuardState | null = null;
  lateSince: number | null = null;
  isDisposed = false;
  retries = 0;
  /** What was asked, oldest first. */
  readonly asked: { method: Method; params: object }[] = [];
  /** What was asked and was not given up before its answer. */
  readonly answered: { method: Method; params: object }[] = [];
  /**
   * What the kernel answers: a value, an error to throw, or what makes an
   * answer of the parameters.
   */
  answers: Partial<Record<Method, unknown>> = {};
  /** While set, answers wait for it. */
  gate: Promise<void> | null = null;
  readonly stateChanged: Signal<IKernelAgent, AgentState> = new Signal(this);
  readonly cellRunningChanged: Signal<IKernelAgent, boolean> = new Signal(this);
  readonly guardChanged: Signal<IKernelAgent, IGuardState | null> = new Signal(
    this
  );
  readonly event: Signal<IKernelAgent, KernelEvent> = new Signal(this);
  readonly cellRuns = new CellRuns();
  readonly executed = new ExecutedCells(this.cellRuns);
  get sessionContext(): never {
    throw new Error('not in this test');
  }
  async request<K extends Method>(
    method: K,
    params: IRequests[K]['params'],
    options: { signal?: AbortSignal } = {}
  ): Promise<IRequests[K]['result']> {
    this.asked.push({ method, params });
    await this.gate;
    if (options.signal?.aborted) {
      throw new RequestError('cancelled');
    }
    this.answered.push({ method, params });
    const answer = this.answers[method] ?? new Error('not in this test');
    if (answer instanceof Error) {
      throw answer;
    }
    return typeof answer === 'function' ? answer(params) : answer;
  }
  retry(): void {
    this.retries++;
  }
  dispose(): void {
    this.isDisposed = true;
  }
  /** The methods asked since the last call. */
  methods(): Method[] {
    return this.asked.splice(0).map(({ method }) => method);
  }
  setState(state: AgentState): void {
    this.state = state;
    this.stateChanged.emit(state);
  }
  setRunning(running: boolean): void {
    this.cellRunning = running;
    this.cellRunningChanged.emit(running);
  }
  tell(event: KernelEvent): void {
    this.event.emit(event);
  }
}
