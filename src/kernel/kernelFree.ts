/** Waiting until a kernel can be asked, and why that may never come about. */

import type { RequestFailure } from '../wire/request';
import { RequestError } from '../wire/request';
import type { AgentState, IKernelAgent } from '../tokens';

/** The detail of a failure: a kernel with IPython that takes no comms. */
export const NO_COMM = 'comm_open';

/**
 * Why a kernel in this state cannot be asked.
 *
 * @param state - Any but `ready`.
 */
export function failureOf(state: AgentState): RequestFailure {
  switch (state.kind) {
    case 'restarting':
      return 'restarted';
    case 'dead':
    case 'disconnected':
      return state.kind;
    default:
      return 'not_ready';
  }
}

/** Whether a kernel is ready and runs no cell. */
export function isFree(agent: IKernelAgent): boolean {
  return agent.state.kind === 'ready' && !agent.cellRunning;
}

/** Whether it is worth waiting for a kernel in this state. */
function mayBecomeFree(state: AgentState): boolean {
  return (
    state.kind === 'ready' ||
    state.kind === 'installing' ||
    (state.kind === 'disconnected' && state.again === true)
  );
}

/**
 * Wait until the kernel is free.
 *
 * @param agent - The kernel's agent.
 * @param signal - Takes the waiting back; absent: nothing does.
 * @throws RequestError if the kernel will not become free.
 */
export function untilFree(
  agent: IKernelAgent,
  signal?: AbortSignal
): Promise<void> {
  return until(agent, () => isFree(agent), signal);
}

/**
 * Wait until the kernel is ready, whether or not a cell runs.
 *
 * @param agent - The kernel's agent.
 * @throws RequestError if the kernel will not become ready.
 */
export function untilReady(agent: IKernelAgent): Promise<void> {
  return until(agent, () => agent.state.kind === 'ready');
}

function until(
  agent: IKernelAgent,
  holds: () => boolean,
  signal?: AbortSignal
): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (holds()) {
        done();
        resolve();
      } else if (signal?.aborted) {
        done();
        reject(new RequestError('cancelled'));
      } else if (!mayBecomeFree(agent.state)) {
        done();
        reject(new RequestError(failureOf(agent.state)));
      }
    };
    const done = (): void => {
      agent.stateChanged.disconnect(look);
      agent.cellRunningChanged.disconnect(look);
      signal?.removeEventListener('abort', look);
    };
    agent.stateChanged.connect(look);
    agent.cellRunningChanged.connect(look);
    signal?.addEventListener('abort', look);
    look();
  });
}
