/** Runs code in a kernel that no cell has, such as what frees memory. */

import type { ISessionContext } from '@jupyterlab/apputils';
import { RequestError } from '../wire/request';

/** No more of an error's text is told. */
const MOST_TEXT = 200;

/** The code raised an exception. */
export class CodeError extends Error {
  /**
   * @param type - The exception's type.
   * @param text - What it says.
   */
  constructor(
    readonly type: string,
    readonly text: string
  ) {
    super(text === '' ? type : `${type}: ${text}`);
  }
}

/**
 * Run code in a document's kernel. IPython neither shows nor keeps what comes
 * of it, and counts no cell.
 *
 * @param context - The document's session.
 * @param code - The code.
 * @throws CodeError if the code raised an exception.
 * @throws RequestError if the kernel did not run it to its end.
 */
export async function runSilently(
  context: ISessionContext,
  code: string
): Promise<void> {
  const kernel = context.session?.kernel ?? null;
  if (kernel === null) {
    throw new RequestError('not_ready');
  }
  const request = { code, silent: true, stop_on_error: false };
  const { content } = await kernel
    .requestExecute({ ...request, allow_stdin: false })
    .done.catch(() => {
      throw new RequestError('restarted');
    });
  if (content.status === 'error') {
    const { ename, evalue } = content;
    throw new CodeError(ename, evalue.slice(0, MOST_TEXT));
  }
  if (content.status !== 'ok') {
    throw new RequestError('cancelled');
  }
}
