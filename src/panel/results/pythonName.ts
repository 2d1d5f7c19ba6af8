const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del ' +
    'elif else except finally for from global if import in is lambda nonlocal ' +
    'not or pass raise return try while with yield'
  ).split(' ')
);

/**
 * Whether a text is a name as Python's code has it: also one that begins with
 * an underscore.
 *
 * @param name - The text.
 */
export function isName(name: string): boolean {
  return (
    /^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(name) && !KEYWORDS.has(name)
  );
}

/**
 * Whether a text can name a new variable: a Python identifier that is no
 * keyword and does not begin with an underscore. IPython keeps such names for
 * itself.
 *
 * @param name - What the person typed.
 */
export function isVariableName(name: string): boolean {
  const normal = name.normalize('NFKC');
  return isName(normal) && !normal.startsWith('_') && !KEYWORDS.has(name);
}
