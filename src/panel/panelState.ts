/** What the panel as a whole shows. */

import type { AgentState } from '../tokens';
import type { ViewModel } from './viewModel';

/** What the panel as a whole shows: figures, or why there are none. */
export type PanelState =
  | Exclude<AgentState, { kind: 'ready' }>
  /** Figures come when the running cell has ended. */
  | { kind: 'waiting' }
  /** The kernel was asked and has not answered yet. */
  | { kind: 'ready' }
  /** The kernel answered: it retains nothing. */
  | { kind: 'empty' }
  | { kind: 'rows' };

/**
 * What the panel shows for a document.
 *
 * @param view - What is in front.
 * @returns its kernel's state, and once that is ready the report's.
 */
export function panelState(view: ViewModel): PanelState {
  const { watched, isSlow } = view;
  if (watched === null) {
    return { kind: 'no-kernel' };
  }
  const { agent, model } = watched;
  const isBusy = agent.cellRunning || isSlow;
  if (agent.state.kind === 'installing' && model.processEnded) {
    return { kind: 'dead', atStart: true };
  }
  if (agent.state.kind === 'installing' && isBusy) {
    return { kind: 'waiting' };
  }
  if (agent.state.kind !== 'ready') {
    return agent.state;
  }
  if (model.report !== null) {
    return { kind: model.report.count > 0 ? 'rows' : 'empty' };
  }
  if (agent.cellRunning) {
    return { kind: 'waiting' };
  }
  return model.failure !== null
    ? { kind: 'failed', detail: model.failure }
    : { kind: 'ready' };
}
