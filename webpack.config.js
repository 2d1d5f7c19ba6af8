/** What jupyter-builder's configuration is merged with. */
const path = require('path');

module.exports = {
  // The builder's numbers of modules are made from their paths, also from that
  // of the checkout, so that two checkouts would have two builds. Numbers by
  // order are the same everywhere.
  optimization: { moduleIds: 'natural' },
  module: {
    rules: [
      {
        test: /\.css$/,
        enforce: 'pre',
        use: [path.resolve(__dirname, 'scripts', 'plain-css.js')]
      }
    ]
  }
};
