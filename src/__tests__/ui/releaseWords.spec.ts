import { nullTranslator } from '@jupyterlab/translation';
import { failureText } from '../../ui/releaseWords';

const trans = nullTranslator.load('jupyter_memguard');

describe('failureText', () => {
  it.each(['no_engine', 'ChunkLoadError'])(
    'does not blame the kernel for what did not load (%s)',
    code => {
      expect(failureText(code, trans)).toBe(
        'A part of this extension could not be loaded. Try again.'
      );
    }
  );

  it('says what helps against another version in the kernel', () => {
    expect(failureText('wrong_engine', trans)).toBe(
      'The kernel has another version of this extension. Reload the page, then restart the kernel.'
    );
  });

  it('names what it has no words for', () => {
    expect(failureText('internal', trans)).toBe(
      'The kernel could not do it (internal).'
    );
  });
});
