/** What came of a release, in sentences. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Left, Outcome, Selection } from '../tokens';
import type { IReleased } from '../wire/protocol';
import { formatBytes } from './format';

/** What was released, and how much of it. */
function countText(
  kind: Selection['kind'],
  count: number,
  trans: TranslationBundle
): string {
  switch (kind) {
    case 'shown':
      return trans._n(
        'The output history of %1 cell was freed',
        'The output history of %1 cells was freed',
        count
      );
    case 'tracebacks':
      return trans._n(
        '%1 traceback was freed',
        '%1 tracebacks were freed',
        count
      );
    default:
      return trans._n('%1 result was freed', '%1 results were freed', count);
  }
}

/** By less than this a process may become smaller by chance. */
const WORTH_TELLING = 1024 * 1024;

/** Less than this part of what came back says nothing of the rest. */
const SMALL_PART = 0.05;

/**
 * How much memory came back that nothing used, free or garbage, where that is
 * worth telling.
 *
 * @param result - What the release did.
 */
export function givenBack(result: IReleased): number {
  const { before_rss_bytes: before, after_rss_bytes: after } = result;
  const fell = before === null || after === null ? 0 : before - after;
  const bytes =
    result.released === 0
      ? Math.max(result.trimmed_bytes, fell)
      : Math.min(result.trimmed_bytes, fell);
  return bytes > Math.max(WORTH_TELLING, SMALL_PART * fell) ? bytes : 0;
}

/**
 * How much of what was let go stays free in the process, where that is worth
 * telling: Python gives memory back only where whole pages of it are free.
 */
function staysFree({
  before_rss_bytes: before,
  after_rss_bytes: after,
  trimmed_bytes: trimmed,
  let_go_bytes: letGo
}: IReleased): number {
  const fell = Math.max(0, (before ?? 0) - (after ?? 0) - trimmed);
  const bytes = (letGo ?? 0) - fell;
  return bytes > Math.max(WORTH_TELLING, SMALL_PART * fell) ? bytes : 0;
}

/** What is said of a release that had no result to release. */
function nothingText(
  kind: Selection['kind'],
  given: number,
  left: Left | undefined,
  trans: TranslationBundle
): string {
  if (given > 0) {
    return trans.__('%1 that nothing used came back.', formatBytes(given));
  }
  if (kind !== 'large' || left === 'nothing') {
    return trans.__('There was nothing to free.');
  }
  return left === 'unknown'
    ? trans.__(
        'There was nothing to free that is known to be large. Free everything takes small results and those of unknown size, too.'
      )
    : trans.__(
        'There was nothing large to free. Free everything takes small results, too.'
      );
}

/**
 * What a release did, in a sentence.
 *
 * @param outcome - The request and its result.
 * @param trans - The words.
 */
export function releaseText(
  outcome: Extract<Outcome, { kind: 'released' }>,
  trans: TranslationBundle
): string {
  const { gone = 0 } = outcome;
  const text = whatCameBack(outcome, trans);
  return gone === 0
    ? text
    : text +
        ' ' +
        trans._n(
          '%1 other was gone already.',
          '%1 others were gone already.',
          gone
        );
}

function whatCameBack(
  { selection, result, left }: Extract<Outcome, { kind: 'released' }>,
  trans: TranslationBundle
): string {
  const { before_rss_bytes: before, after_rss_bytes: after, released } = result;
  const given = givenBack(result);
  if (released === 0 && result.still_alive.length === 0) {
    return nothingText(selection.kind, given, left, trans);
  }
  const text = countText(selection.kind, released, trans);
  if (before === null || after === null) {
    return trans.__('%1.', text);
  }
  const back = before - after;
  const kept = staysFree(result);
  const rest =
    kept > 0
      ? ' ' +
        trans.__(
          'Another %1 stays free in the kernel, for what you make next.',
          formatBytes(kept)
        )
      : '';
  if (back <= 0) {
    return trans.__('%1; the process did not become smaller.', text) + rest;
  }
  return (
    (given > 0
      ? trans.__(
          '%1: %2 came back, of which nothing used %3.',
          text,
          formatBytes(back),
          formatBytes(given)
        )
      : trans.__('%1: %2 came back.', text, formatBytes(back))) + rest
  );
}

/**
 * Why a request failed, as a sentence.
 *
 * @param code - The error's code.
 * @param trans - The words.
 */
export function failureText(code: string, trans: TranslationBundle): string {
  switch (code) {
    case 'timeout':
      return trans.__('The kernel did not answer in time.');
    case 'cancelled':
      return trans.__('Freeing was taken back: nothing was freed.');
    case 'restarted':
      return trans.__('The kernel was restarted: what it kept is gone.');
    case 'dead':
      return trans.__('The kernel died before it answered.');
    case 'disconnected':
      return trans.__('The connection to the kernel was lost.');
    case 'not_ready':
      return trans.__('The kernel is not ready yet.');
    case 'unknown_method':
      return trans.__('This kernel cannot do that.');
    case 'unknown_key':
      return trans.__('This result is gone already.');
    case 'bad_name':
      return trans.__('This cannot be the name of a variable.');
    case 'name_taken':
      return trans.__('There is a variable of this name already.');
    case 'invalid_reply':
      return trans.__('The kernel gave no valid answer.');
    case 'no_engine':
    case 'ChunkLoadError': // webpack's name for this failure.
      return trans.__(
        'A part of this extension could not be loaded. Try again.'
      );
    case 'wrong_engine':
      return trans.__(
        'The kernel has another version of this extension. Reload the page, then restart the kernel.'
      );
    default:
      return trans.__('The kernel could not do it (%1).', code);
  }
}
