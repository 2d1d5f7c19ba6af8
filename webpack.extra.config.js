// The kernel code travels inside the bundle as text.
module.exports = {
  module: { rules: [{ test: /\.py$/, type: 'asset/source' }] }
};
