/** Tells the server of releases, for its event log. */

import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import type { IMemguard, Outcome } from '../tokens';
import { attachToEach } from '../ui/attach';
import { RestError, type Rest } from '../wire/rest';

/**
 * Tell the server of every release that a person asked for here, for its
 * event log.
 *
 * @param memguard - What is open.
 * @param rest - The server's half.
 */
export function tellFreed(memguard: IMemguard, rest: Rest): IDisposable {
  return attachToEach(memguard, ({ model, widget }) => {
    let sent: Outcome | null = model.outcome;
    const look = () => {
      const { outcome } = model;
      if (outcome === sent) {
        return;
      }
      sent = outcome;
      const id = widget.sessionContext.session?.kernel?.id;
      if (outcome?.kind !== 'released' || id === undefined) {
        return;
      }
      const { before_rss_bytes, after_rss_bytes, released } = outcome.result;
      const { kind } = outcome.selection;
      if (before_rss_bytes === null || after_rss_bytes === null) {
        return;
      }
      void send(rest, id, {
        before_bytes: before_rss_bytes,
        after_bytes: after_rss_bytes,
        // For these the kernel counts cells and exceptions, not results.
        released: kind === 'shown' || kind === 'tracebacks' ? 0 : released
      });
    };
    model.changed.connect(look);
    return new DisposableDelegate(() => {
      model.changed.disconnect(look);
    });
  });
}

async function send(
  rest: Rest,
  id: string,
  event: Parameters<Rest['freed']>[1]
): Promise<void> {
  try {
    await rest.freed(id, event);
  } catch (error) {
    // The memory is freed anyway. That the log lacks it concerns the
    // administrator, who finds the server's error.
    if (!(error instanceof RestError)) {
      throw error;
    }
  }
}
