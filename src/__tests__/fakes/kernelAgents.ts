/** Real agents of fake kernels. */

import { KernelAgent } from '../../kernel/agent';
import type { IKernelCode } from '../../kernel/kernelCode';
import type { AgentState } from '../../tokens';
import { RequestError } from '../../wire/request';
import type { IEvents, IGuard } from '../../wire/protocol';
import { FakeContext, FakeKernel } from './kernel';
import { KERNEL_CODE } from './kernelCode';
import { settled } from './waiting';

/** An agent, and the states that it goes through. */
export function anAgent(
  context: FakeContext,
  guard: IGuard | null = null,
  code: IKernelCode = KERNEL_CODE,
  implementations: readonly string[] = []
) {
  const agent = new KernelAgent(
    context.asContext,
    () => guard,
    () => implementations,
    code
  );
  const states: AgentState['kind'][] = [agent.state.kind];
  agent.stateChanged.connect((_, state) => states.push(state.kind));
  return { agent, states };
}

/** An agent whose kernel was there before it, and has not answered yet. */
export function askingAgent(guard: IGuard | null = null, code?: IKernelCode) {
  const context = new FakeContext();
  const kernel = new FakeKernel();
  context.setKernel(kernel);
  return { context, kernel, ...anAgent(context, guard, code) };
}

/** An agent whose kernel has been installed into and has greeted. */
export async function readyAgent(
  hello: Partial<IEvents['hello']> = {},
  engine = KERNEL_CODE.engine
) {
  const code = { ...KERNEL_CODE, engine };
  const { agent, context, kernel, states } = askingAgent(null, code);
  await kernel.answerVersion();
  await settled();
  kernel.hello(hello);
  return { agent, context, kernel, states };
}

/** The code with which a request fails. */
export function failing(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'it did not fail',
    error => (error instanceof RequestError ? error.code : String(error))
  );
}
