/**
 * Runs before each file of tests: what is written into the browser's log as an
 * error fails the test, unless the test expects it (`jest.spyOn`). A rejection
 * that nobody takes fails a test by itself.
 */

const said: string[] = [];

console.error = (...words: unknown[]) => {
  said.push(words.map(String).join(' '));
};

afterEach(() => {
  const found = said.splice(0);
  if (found.length > 0) {
    throw new Error(`console.error: ${found.join('\n')}`);
  }
});
