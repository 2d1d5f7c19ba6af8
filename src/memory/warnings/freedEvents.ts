import { DisposableDelegate, IDisposable } from '@lumino/disposable';
import { attachToEach } from '../../ui/attach';
import { Rest, RestError } from '../../wire/rest';
import type { IMemguard, Outcome } from '../../tokens';

/**
 * Tell the server of every release that a person asked for here, for its
 * event log.
 *
 * @param memguard - what is open.
 * @param rest - the server's half.
 */
export function tellFreed(memguard: IMemguard, rest: Rest): IDisposable {
  return attachToEach(memguard, ({ model, widget }) => {
    let told: Outcome | null = model.outcome;
    const look = () => {
      const { outcome } = model;
      if (outcome === told) {
        return;
      }
      told = outcome;
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
        // Of these the kernel counts cells and exceptions.
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
    // The memory is freed all the same; a log that cannot be reached is the
    // administrator's matter.
    if (!(error instanceof RestError)) {
      throw error;
    }
  }
}
