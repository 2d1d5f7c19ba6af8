/**
 * Takes comments and indentation out of a style sheet: the page gets style
 * sheets as texts, which no minifier looks into.
 */
module.exports = source =>
  source.replace(/\/\*[^]*?\*\//g, '').replace(/\n\s+/g, '\n');
