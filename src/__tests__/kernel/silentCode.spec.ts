import type { ISessionContext } from '@jupyterlab/apputils';
import { runSilently } from '../../kernel/silentCode';

/** A session whose kernel answers each request with this. */
function aSession(done: () => Promise<unknown>) {
  const sent: object[] = [];
  const kernel = {
    requestExecute: (content: object) => {
      sent.push(content);
      return { done: done() };
    }
  };
  return {
    sent,
    context: { session: { kernel } } as unknown as ISessionContext
  };
}

const ok = { content: { status: 'ok' } };

describe('runSilently', () => {
  it('runs code that IPython neither shows, keeps nor counts', async () => {
    const { sent, context } = aSession(async () => ok);
    await runSilently(context, "plt.close('all')");
    expect(sent).toEqual([
      {
        code: "plt.close('all')",
        silent: true,
        stop_on_error: false,
        allow_stdin: false
      }
    ]);
  });

  it('tells the exception, and not all of a long text', async () => {
    const { context } = aSession(async () => ({
      content: { status: 'error', ename: 'NameError', evalue: 'x'.repeat(999) }
    }));
    await expect(runSilently(context, 'f()')).rejects.toEqual(
      expect.objectContaining({
        type: 'NameError',
        message: `NameError: ${'x'.repeat(200)}`
      })
    );
  });

  it.each([
    ['the kernel is restarted', () => Promise.reject(new Error('Canceled'))],
    ['an error aborted it', async () => ({ content: { status: 'aborted' } })]
  ])('fails where %s', async (_, done) => {
    const { context } = aSession(done);
    await expect(runSilently(context, 'f()')).rejects.toHaveProperty('code');
  });

  it('fails where there is no kernel', async () => {
    const context = { session: null } as unknown as ISessionContext;
    await expect(runSilently(context, 'f()')).rejects.toHaveProperty(
      'code',
      'not_ready'
    );
  });
});
