/** A Python file as its text (see webpack.extra.config.js). */
declare module '*.py' {
  const text: string;
  export default text;
}
