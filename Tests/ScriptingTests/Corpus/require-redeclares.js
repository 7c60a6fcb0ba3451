//! library Wrapper
const http = { request: function () { return 'mine'; } };
let console = null;
exports.call = function () { return http.request(); };
//! script
console.log(require('Wrapper').call());
//! expects
mine
