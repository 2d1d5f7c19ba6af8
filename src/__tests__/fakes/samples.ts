/** The sample messages that the tests of both ends read, and parts of them. */

import samples from '../../../jupyter_memguard/kernel/tests/protocol_samples.json';
import type {
  ICellEnd,
  IGuardState,
  IReleased,
  IReport,
  KernelEvent
} from '../../wire/protocol';

export { samples };

/** The result of a sample reply. */
function resultOf<T>(name: keyof typeof samples.valid, index = 0): T {
  const sample = samples.valid[name][index] as unknown as { result: T };
  return JSON.parse(JSON.stringify(sample.result));
}

/** A report as the kernel gives it, with nothing left to refine. */
export const sampleReport = (): IReport => ({
  ...resultOf<IReport>('reply.report'),
  final: true
});

/** A release's account. */
export const sampleReleased = (): IReleased => resultOf('reply.release');

/** A guard's state. */
export const sampleGuard = (): IGuardState => resultOf('reply.set_guard');

/** What a cell's end tells of a result. */
export function sampleResult(
  number: number,
  freed: number,
  key = `r${number}`
): ICellEnd['results'][number] {
  return {
    key,
    number,
    freed_bytes: freed,
    exact: true,
    estimate_bytes: null,
    group: [key]
  };
}

/** What a cell's end tells of these results. */
export const sampleCellEnd = (
  ...results: ICellEnd['results']
): Extract<KernelEvent, { event: 'cell_end' }> => ({
  event: 'cell_end',
  data: { execution_count: 9, cell_id: null, gone: [], results, withheld: [] }
});
