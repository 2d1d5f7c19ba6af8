// Jest's counterpart of webpack.extra.config.js: a .py file is its text.
module.exports = {
  process: text => ({
    code: `module.exports = { __esModule: true, default: ${JSON.stringify(text)} };`
  })
};
