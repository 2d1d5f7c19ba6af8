import { RetainedModel } from '../../model/retained';
import { FakeAgent } from '../fakes';
import { aGuardState, aReleased, aReport } from '../utils';

/** A model, and an agent whose kernel answers what the samples have. */
export function aModel() {
  const agent = new FakeAgent();
  agent.answers = {
    report: aReport(),
    release: aReleased(),
    release_shown: aReleased(),
    release_tracebacks: aReleased(),
    subscribe: {},
    set_guard: aGuardState()
  };
  const model = new RetainedModel(agent, () => 2);
  return { agent, model };
}

/** A promise that a test resolves. */
export function aGate() {
  let open: () => void = () => undefined;
  const gate = new Promise<void>(resolve => (open = resolve));
  return { gate, open };
}
